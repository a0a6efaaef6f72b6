//! `events.jsonl`: what happened, a JSON object a line.

use agent2028_core::event::Event;
use agent2028_core::rng::SimRng;
use serde::{Deserialize, Serialize};

use super::RecordError;

/// An event as a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventLine {
    /// The tick in which it happened.
    pub tick: u64,
    /// Its number in the run.
    pub sequence: u64,
    /// Simulated Unix time in milliseconds.
    pub unix_ms: i64,
    /// Its UUID; empty in recordings of older versions, as are all below of which they knew nothing.
    #[serde(default)]
    pub id: String,
    /// The kind of event.
    pub kind: String,
    /// Its priority, 1–10 (10 highest).
    pub priority: u8,
    /// The agent that it happened to, or that did it.
    pub agent: Option<u32>,
    /// What happened, in words.
    pub text: String,
    /// The type of the value that it carries, if not only words.
    #[serde(default)]
    pub payload: Option<String>,
    /// The fields of that value in RON.
    #[serde(default)]
    pub fields: Option<String>,
    /// The last tick in which a response is in time, if one is required.
    #[serde(default)]
    pub respond_by: Option<u64>,
    /// The number of the event that this one answers, or whose response it misses.
    #[serde(default)]
    pub refers_to: Option<u64>,
}

impl EventLine {
    /// An event as it will be written; its UUID comes from the dice of its run.
    ///
    /// # Errors
    /// If it carries a value that can't be written down.
    pub fn of(event: &Event, dice: &SimRng) -> Result<Self, RecordError> {
        let typed = event
            .payload
            .typed()
            .map_err(|why| RecordError::Unwritten(format!("{} of tick {}", event.kind.name, event.tick), why))?;
        let (payload, fields) = typed.map(|(name, fields)| (name.to_owned(), fields)).unzip();
        Ok(Self {
            tick: event.tick,
            sequence: event.sequence,
            unix_ms: event.unix_ms,
            id: event.id(dice).to_string(),
            kind: event.kind.name.into(),
            priority: event.priority,
            agent: event.source.map(|agent| agent.0),
            text: event.text().into_owned(),
            payload,
            fields,
            respond_by: event.respond_by,
            refers_to: event.refers_to,
        })
    }

    /// The line.
    ///
    /// # Errors
    /// If it has no JSON form.
    pub fn to_line(&self) -> Result<String, RecordError> {
        serde_json::to_string(self).map_err(|error| RecordError::Unwritten(self.kind.clone(), error.to_string()))
    }
}

/// The tick of a line: its first field.
#[must_use]
pub fn tick_of(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("{\"tick\":")?;
    rest.split(',').next()?.parse().ok()
}

/// The tick with which a line is written: what happens before the first tick is written down with it.
#[must_use]
pub fn written_in(line: &str) -> Option<u64> {
    tick_of(line).map(|tick| tick.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::agent::AgentId;
    use agent2028_core::event::{EventKind, HandlerFailure, Payload};

    #[test]
    fn a_line_tells_its_tick_and_comes_back_whole() {
        let failure = HandlerFailure { handler: "h".into(), kind: "k".into(), panicked: true, message: "m\n".into() };
        for payload in [Payload::from("with \"quotes\",\nand a second line"), failure.into()] {
            let event = Event {
                sequence: 4,
                tick: 17,
                unix_ms: -3,
                kind: EventKind::AGENT_FAILED,
                priority: 3,
                source: Some(AgentId(9)),
                payload,
                respond_by: Some(20),
                refers_to: None,
            };
            let written = EventLine::of(&event, &SimRng::new(3)).unwrap();
            let line = written.to_line().unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(tick_of(&line), Some(17));
            assert_eq!(serde_json::from_str::<EventLine>(&line).unwrap(), written);
            assert_eq!((written.priority, written.id.len()), (3, 36));
            assert_eq!(written.payload.is_some(), written.text.starts_with("handler"));
        }
    }

    #[test]
    fn a_line_of_an_older_version_is_read() {
        let line = r#"{"tick":1,"sequence":0,"unix_ms":0,"kind":"AgentFailed","priority":8,"agent":3,"text":"failed"}"#;
        let read: EventLine = serde_json::from_str(line).unwrap();
        assert_eq!((read.text.as_str(), read.id.as_str(), read.respond_by), ("failed", "", None));
    }
}
