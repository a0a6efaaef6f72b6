//! What stands out of the events of a run: where to look on the timeline.

use std::collections::BTreeMap;

use crate::event::Event;

/// Events of one kind in one tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventMark {
    /// The tick.
    pub tick: u64,
    /// The kind of event.
    pub kind: &'static str,
    /// Its priority, 1–10 (10 highest).
    pub priority: u8,
    /// How many there were.
    pub count: u64,
    /// What the first one said.
    pub text: String,
}

/// Events below this priority don't stand out.
const LEAST_PRIORITY: u8 = 7;

/// The marks of a branch, in bounded memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Marks {
    marks: BTreeMap<(u64, &'static str), EventMark>,
    left_out: u64,
}

/// How many marks a branch has at most: more than a strip has pixels.
const MOST: usize = 4096;

impl Marks {
    /// Takes note of an event if it stands out, and of how many of its kind there were in its tick. The first one told of a
    /// tick and kind counts.
    pub(super) fn note(&mut self, event: &Event, count: u64) {
        if event.priority < LEAST_PRIORITY {
            return;
        }
        self.marks.entry((event.tick, event.kind.name)).or_insert_with(|| EventMark {
            tick: event.tick,
            kind: event.kind.name,
            priority: event.priority,
            count,
            text: event.text().into_owned(),
        });
        if self.marks.len() > MOST {
            self.thin();
        }
    }

    /// Makes room: of the least important ones, every second goes.
    fn thin(&mut self) {
        let before = self.marks.len();
        let lowest = self.marks.values().map(|mark| mark.priority).min().unwrap_or(0);
        let mut stays = false;
        self.marks.retain(|_, mark| {
            stays = mark.priority > lowest || !stays;
            stays
        });
        self.left_out += (before - self.marks.len()) as u64;
    }

    /// The marks up to a tick, for a branch that goes another way from there.
    pub(super) fn up_to(&self, tick: u64) -> Self {
        Self {
            marks: self.marks.range(..(tick.saturating_add(1), "")).map(|(key, mark)| (*key, mark.clone())).collect(),
            ..*self
        }
    }

    /// All marks in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &EventMark> {
        self.marks.values()
    }

    /// How many had to be left out.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;

    fn event(tick: u64, kind: EventKind) -> Event {
        Event {
            sequence: 0,
            tick,
            unix_ms: 0,
            kind,
            priority: kind.priority,
            source: None,
            payload: format!("{} at {tick}", kind.name).into(),
            respond_by: None,
            refers_to: None,
        }
    }

    #[test]
    fn what_matters_is_marked_once_per_tick_and_kind() {
        let mut marks = Marks::default();
        for _ in 0..300 {
            marks.note(&event(5, EventKind::AGENT_FAILED), 300);
        }
        marks.note(&event(5, EventKind::AGENT_STARTED), 2);
        marks.note(&event(9, EventKind::AGENT_QUARANTINED), 1);
        let told: Vec<_> = marks.iter().map(|mark| (mark.tick, mark.kind, mark.count)).collect();
        assert_eq!(told, [(5, "AgentFailed", 300), (9, "AgentQuarantined", 1)]);
        assert_eq!(marks.up_to(8).iter().count(), 1);
        assert_eq!(marks.up_to(9).iter().count(), 2);
    }

    #[test]
    fn marks_stay_bounded_and_keep_what_matters_most() {
        let mut marks = Marks::default();
        marks.note(&event(1, EventKind::AGENT_QUARANTINED), 1);
        for tick in 0..20_000 {
            marks.note(&event(tick, EventKind::AGENT_FAILED), 1);
        }
        let kept = marks.iter().count();
        assert!(kept <= MOST, "{kept}");
        assert_eq!(marks.left_out() + kept as u64, 20_001);
        assert!(marks.iter().any(|mark| mark.kind == "AgentQuarantined"));
    }
}
