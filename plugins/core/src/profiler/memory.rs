//! What the simulation holds in memory: components by their tables, and what plugins tell of their resources.

use std::collections::BTreeMap;

use bevy::prelude::*;

use super::split_path;

/// What something holds in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// The crate that it is from.
    pub plugin: String,
    /// What it is: a component's path in its crate, or what a plugin calls it.
    pub what: String,
    /// How many entities carry it; `None` if it is no component.
    pub entities: Option<u64>,
    /// Bytes, with room that is reserved.
    pub bytes: u64,
}

type ReportFn = fn(&World) -> usize;

/// What plugins tell of their resources.
#[derive(Resource, Clone, Debug, Default)]
pub struct MemoryReports(BTreeMap<(&'static str, &'static str), ReportFn>);

/// Registers reports of memory with an app.
pub trait AddMemoryReport {
    /// Adds a report: how many bytes something holds that is not a component of agents.
    fn report_memory(&mut self, plugin: &'static str, what: &'static str, bytes: fn(&World) -> usize) -> &mut Self;
}

impl AddMemoryReport for App {
    fn report_memory(&mut self, plugin: &'static str, what: &'static str, bytes: fn(&World) -> usize) -> &mut Self {
        self.world_mut().get_resource_or_init::<MemoryReports>().0.insert((plugin, what), bytes);
        self
    }
}

/// The ticks in which a component was added and changed last, which Bevy keeps beside each.
const TICK_BYTES: usize = 2 * size_of::<bevy::ecs::change_detection::Tick>();

/// What is held in memory, largest first. Components that own more than their own bytes count with these only.
#[must_use]
pub fn memory(world: &World) -> Vec<MemoryUse> {
    let mut uses = Vec::new();
    let tables = &world.storages().tables;
    for info in world.components().iter_registered() {
        let (mut entities, mut places) = (0_u64, 0_usize);
        for table in tables.iter().filter(|table| table.has_column(info.id())) {
            entities += u64::from(table.entity_count());
            places += table.entity_capacity();
        }
        // Resources are components of one entity each; what they hold elsewhere they report.
        if entities > 1 {
            let name = info.name().to_string();
            let (plugin, what) = split_path(&name);
            uses.push(MemoryUse {
                plugin: plugin.to_owned(),
                what: what.to_owned(),
                entities: Some(entities),
                bytes: (places * (info.layout().size() + TICK_BYTES)) as u64,
            });
        }
    }
    let reports = world.get_resource::<MemoryReports>().into_iter().flat_map(|reports| &reports.0);
    uses.extend(reports.map(|(&(plugin, what), bytes)| MemoryUse {
        plugin: plugin.to_owned(),
        what: what.to_owned(),
        entities: None,
        bytes: bytes(world) as u64,
    }));
    uses.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| (&a.plugin, &a.what).cmp(&(&b.plugin, &b.what))));
    uses
}
