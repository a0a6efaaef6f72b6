//! `events.jsonl`: what happened, a JSON object a line.

use agent2028_core::event::Event;
use serde::{Deserialize, Serialize};

/// An event as a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventLine {
    /// The tick in which it happened.
    pub tick: u64,
    /// Its number in the run.
    pub sequence: u64,
    /// Simulated Unix time in milliseconds.
    pub unix_ms: i64,
    /// The kind of event.
    pub kind: String,
    /// Its priority, 1–10 (10 highest).
    pub priority: u8,
    /// The agent that it happened to, or that did it.
    pub agent: Option<u32>,
    /// What happened, in words.
    pub text: String,
}

impl EventLine {
    /// An event as it will be written.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            tick: event.tick,
            sequence: event.sequence,
            unix_ms: event.unix_ms,
            kind: event.kind.name.into(),
            priority: event.kind.priority,
            agent: event.source.map(|agent| agent.0),
            text: event.text.clone().into_owned(),
        }
    }

    /// The line.
    #[must_use]
    pub fn to_line(&self) -> String {
        // Numbers and strings always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The tick of a line: its first field.
#[must_use]
pub fn tick_of(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("{\"tick\":")?;
    rest.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::agent::AgentId;
    use agent2028_core::event::EventKind;

    #[test]
    fn a_line_tells_its_tick_and_comes_back_whole() {
        let event = Event {
            sequence: 4,
            tick: 17,
            unix_ms: -3,
            kind: EventKind::AGENT_FAILED,
            source: Some(AgentId(9)),
            text: "with \"quotes\",\nand a second line".into(),
        };
        let line = EventLine::of(&event).to_line();
        assert!(!line.contains('\n'));
        assert_eq!(tick_of(&line), Some(17));
        assert_eq!(serde_json::from_str::<EventLine>(&line).unwrap(), EventLine::of(&event));
    }
}
