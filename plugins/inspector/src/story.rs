//! A scene opens with the panels that tell its story.

use agent2028_core::simulation::Simulation;

use crate::dock::{DockLayout, PanelKey};
use crate::panel::InspectorRegistry;

/// The panels that opened with the scene that is shown.
#[derive(Clone, Debug, Default)]
pub struct Story {
    scene: Option<String>,
    opened: Vec<PanelKey>,
}

impl Story {
    /// What an earlier start of the window opened with its scene.
    #[must_use]
    pub fn of_an_earlier_start(opened: Vec<PanelKey>) -> Self {
        Self { scene: None, opened }
    }

    /// The panels that opened with the scene.
    #[must_use]
    pub fn opened(&self) -> &[PanelKey] {
        &self.opened
    }

    /// Opens what tells of another scene, behind the other panels, and closes what only the one before needed. Whatever
    /// somebody opened, closed or looked at is left alone.
    pub fn follow(
        &mut self,
        scene: &str,
        registry: &InspectorRegistry,
        simulation: &Simulation,
        layout: &mut DockLayout,
    ) {
        if self.scene.as_deref() == Some(scene) {
            return;
        }
        self.scene = Some(scene.to_owned());
        let telling: Vec<PanelKey> = registry
            .panels()
            .filter(|entry| entry.facts.story && entry.applies(simulation))
            .map(|entry| entry.facts.key)
            .collect();
        let before = std::mem::take(&mut self.opened);
        for panel in &before {
            if !telling.contains(panel) && !layout.is_seen(*panel) {
                layout.close(*panel);
            }
        }
        for panel in telling {
            let open = layout.is_open(panel);
            layout.open_behind(panel);
            if !open || before.contains(&panel) {
                self.opened.push(panel);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts};
    use crate::panels::tests::simulation;
    use bevy_egui::egui;

    /// A panel about worlds with agents.
    struct AboutAgents;

    impl Panel for AboutAgents {
        type State = ();
        const FACTS: PanelFacts = PanelFacts {
            key: PanelKey::new("AboutAgents"),
            title: "About agents",
            icon: egui_material_icons::icons::ICON_GROUPS,
            help: "Worlds with agents.",
            group: Group::Work,
            side: DockSide::Bottom,
            scrolls: false,
            story: true,
        };

        fn applies(simulation: &Simulation) -> bool {
            simulation.agents() > 0
        }

        fn show(_: &mut egui::Ui, _: &mut PanelContext, (): &mut ()) {}
    }

    #[test]
    fn a_scene_brings_its_panels_and_takes_along_those_that_nobody_looked_at() {
        let mut registry = crate::panels::of_the_host();
        registry.add::<AboutAgents>();
        let (full, empty) = (simulation(&[("bird", 3)]), simulation(&[]));
        let (mut layout, mut story) = (DockLayout::default(), Story::default());
        let before = layout.panels().len();
        let mut open = |scene: &str, simulation: &Simulation, layout: &mut DockLayout| {
            story.follow(scene, &registry, simulation, layout);
            layout.settle(registry.catalog());
            (layout.is_open(AboutAgents::FACTS.key), layout.panels().len() - before)
        };
        assert_eq!(open("birds", &full, &mut layout), (true, 1));
        assert!(!layout.is_seen(AboutAgents::FACTS.key), "it stands behind the others");
        assert_eq!(open("nobody", &empty, &mut layout), (false, 0));
        assert_eq!(open("birds", &full, &mut layout), (true, 1));
        layout.close(AboutAgents::FACTS.key);
        assert_eq!(open("birds", &full, &mut layout), (false, 0), "somebody closed it in this scene");
        assert_eq!(open("other birds", &full, &mut layout), (true, 1));
        layout.open(AboutAgents::FACTS.key);
        assert_eq!(open("nobody", &empty, &mut layout), (true, 1), "somebody looks at it");
    }
}
