//! On which terms a ledger is kept: what has to be in it.

use agent2028_core::clock::SimClock;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{LedgerConfig, Stamps};

/// What has to be in a ledger from here on. A ledger says so itself, in an entry at its beginning and again wherever it
/// changes, so that what was left out shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The suite of the keys that sign tree heads and time stamps; nothing is signed if absent.
    pub sign: Option<String>,
    /// Ticks between two tree heads, where something was entered.
    pub heads_every: u64,
    /// Ticks between two entries with the hash of the whole state; none if absent.
    pub state_hash_every: Option<u64>,
    /// What gets a time stamp.
    pub stamps: Stamps,
    /// Whether the receipts of operations are entered.
    pub receipts: bool,
    /// Events of at least this priority are entered.
    pub least_priority: u8,
    /// The kinds of events that are entered; all if there are none.
    pub events: Vec<String>,
    /// How many entries are kept on disk; all if absent. Where all are kept, nothing may have been dropped.
    pub keep: Option<u64>,
}

/// The same with the number of files that are entered right after them, as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    files: usize,
    terms: Terms,
}

impl Terms {
    /// Those of a scene's section.
    #[must_use]
    pub fn of(config: &LedgerConfig, clock: &SimClock) -> Self {
        let ticks = |seconds: f32| clock.ticks_in(f64::from(seconds)).max(1);
        Self {
            sign: config.sign.filter(|suite| suite.suite().is_some()).map(|suite| suite.name().to_owned()),
            heads_every: ticks(config.heads_every_s),
            state_hash_every: config.state_hash_every_s.map(ticks),
            stamps: config.stamps,
            receipts: config.receipts,
            least_priority: config.least_priority,
            events: config.events.clone(),
            keep: config.disk.keep,
        }
    }

    /// Whether events of a kind and priority are entered.
    #[must_use]
    pub fn admit(&self, kind: &str, priority: u8) -> bool {
        let listed = self.events.is_empty() || self.events.iter().any(|listed| listed == kind);
        listed && priority >= self.least_priority
    }

    /// The terms as the words of an entry: JSON without spaces.
    #[must_use]
    pub fn to_text(&self, files: usize) -> String {
        // Composed of parts that always have a JSON form, in the order of the fields: there is nothing that could fail.
        let Self { sign, heads_every, state_hash_every, stamps, receipts, least_priority, events, keep } = self;
        let sign = Value::from(sign.as_deref());
        let state_hash_every = Value::from(*state_hash_every);
        let stamps = Value::from(stamps.name());
        let (events, keep) = (Value::from(events.as_slice()), Value::from(*keep));
        format!(
            "{{\"files\":{files},\"terms\":{{\"sign\":{sign},\"heads_every\":{heads_every},\
             \"state_hash_every\":{state_hash_every},\"stamps\":{stamps},\"receipts\":{receipts},\
             \"least_priority\":{least_priority},\"events\":{events},\"keep\":{keep}}}}}"
        )
    }

    /// The terms from the words of an entry, with the number of files that are entered right after them; nothing if they are
    /// none.
    #[must_use]
    pub fn from_text(text: &str) -> Option<(Self, usize)> {
        let written: Written = serde_json::from_str(text).ok()?;
        Some((written.terms, written.files))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_back_from_their_words() {
        let config = LedgerConfig { events: vec!["AgentFailed".into()], ..LedgerConfig::default() };
        let terms = Terms::of(&config, &SimClock::default());
        assert_eq!(terms.to_text(3), serde_json::to_string(&Written { files: 3, terms: terms.clone() }).unwrap());
        assert_eq!(Terms::from_text(&terms.to_text(3)), Some((terms.clone(), 3)));
        assert!(terms.admit("AgentFailed", 5) && !terms.admit("AgentFailed", 4) && !terms.admit("Other", 9));
        assert_eq!(Terms::from_text("{}"), None);
    }

    #[test]
    fn terms_are_written_as_any_json_is() {
        let suites = [None, Some("a \"suite\" \\ \u{1F41D}\n".to_owned())];
        for (number, stamps) in
            [Stamps::None, Stamps::Interventions, Stamps::Important, Stamps::All].into_iter().enumerate()
        {
            for sign in suites.clone() {
                let terms = Terms {
                    sign,
                    heads_every: 1 << (number * 15),
                    state_hash_every: (number > 1).then_some(u64::MAX),
                    stamps,
                    receipts: number % 2 == 0,
                    least_priority: number as u8,
                    events: ["TaskDone", "\u{0} \"x\""].into_iter().take(number).map(String::from).collect(),
                    keep: (number > 2).then_some(0),
                };
                let text = terms.to_text(number);
                assert_eq!(text, serde_json::to_string(&Written { files: number, terms: terms.clone() }).unwrap());
                assert_eq!(Terms::from_text(&text), Some((terms, number)));
            }
        }
    }
}
