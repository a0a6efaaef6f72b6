//! A source of operations while it runs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use agent2028_core::agent::AgentId;
use agent2028_core::rng::{SimRng, SimStream};
use bevy::math::ops;
use serde::{Deserialize, Serialize};

use super::trace::{ARRIVAL, TraceReader, TraceRow};
use super::zipf::Zipf;
use crate::config::{Demand, Workload};
use crate::service::Files;
use crate::slab::NONE;
use crate::stats::Tally;
use crate::time::{NEVER, Rate, Time};

/// An operation that a source asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its key.
    pub key: u64,
    /// The user who waits for it, in a closed loop.
    pub user: u32,
    /// The row that it comes from, in a trace.
    pub row: Option<TraceRow>,
}

/// A source of operations while it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Source {
    /// Which kind of source it was started as.
    kind: u8,
    /// When it next asks for something, or changes its mood.
    next: Time,
    /// The rate per second at which `next` was drawn.
    drawn: f64,
    /// How often it has drawn.
    draws: u64,
    /// Whether a burst goes on, and when that ends.
    burst: (bool, Time),
    /// When which user asks next, soonest first.
    #[serde(with = "heap")]
    thinking: BinaryHeap<Reverse<(Time, u32)>>,
    /// How many users there are.
    users: u32,
    /// Where in the file the next row begins, and the time of the one before it; nothing at the end.
    row: Option<(u64, f64)>,
    /// How its keys come, once that was worked out. Derived.
    #[serde(skip)]
    zipf: Option<Zipf>,
    /// The session that is open.
    pub(crate) session: u32,
    /// What came of it.
    pub tally: Tally,
}

/// Heaps are saved in order: how they lie in memory depends on their history.
mod heap {
    use super::{BinaryHeap, Reverse, Time};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        heap: &BinaryHeap<Reverse<(Time, u32)>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut list: Vec<(Time, u32)> = heap.iter().map(|entry| entry.0).collect();
        list.sort_unstable();
        list.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BinaryHeap<Reverse<(Time, u32)>>, D::Error> {
        Ok(Vec::<(Time, u32)>::deserialize(deserializer)?.into_iter().map(Reverse).collect())
    }
}

/// What a source needs to know to go on.
pub(crate) struct Around<'a> {
    pub(crate) workload: &'a Workload,
    /// Its place in the section.
    pub(crate) index: usize,
    /// By how much load spikes multiply its rate now.
    pub(crate) factor: f64,
    pub(crate) dice: &'a SimRng,
    pub(crate) rate: Rate,
    /// Where the tick that runs ends.
    pub(crate) end: Time,
}

fn kind_of(workload: &Workload) -> u8 {
    match workload {
        Workload::Poisson(_) => 0,
        Workload::Constant(_) => 1,
        Workload::Bursty(_) => 2,
        Workload::Diurnal(_) => 3,
        Workload::ClosedLoop(_) => 4,
        Workload::Trace(_) => 5,
    }
}

impl Source {
    /// A source that begins now.
    pub(crate) fn begin(around: &Around, now: Time, files: &Files) -> Self {
        let mut source = Self {
            kind: kind_of(around.workload),
            next: NEVER,
            drawn: 0.0,
            draws: 0,
            burst: (false, now),
            thinking: BinaryHeap::new(),
            users: 0,
            row: None,
            zipf: None,
            session: NONE,
            tally: Tally::default(),
        };
        if let Workload::Trace(file) = around.workload {
            source.row = Some((0, 0.0));
            // The first row is read to know when it comes.
            if let Some(row) = source.open(file, files).and_then(|mut reader| reader.next_row()?.ok()) {
                source.row = Some((row.byte, row.at_s));
                source.next = around.rate.parts(row.at_s).max(now);
            } else {
                source.row = None;
            }
        }
        source.adapt(around, now);
        source
    }

    /// Whether this is still the kind of source that the section describes.
    pub(crate) fn fits(&self, workload: &Workload) -> bool {
        self.kind == kind_of(workload)
    }

    /// Goes on with dice that others of the same place have not thrown.
    pub(crate) fn skip(&mut self, draws: u64) {
        self.draws += draws << 20;
    }

    /// When it is next its turn.
    pub(crate) fn next(&self) -> Time {
        self.next
    }

    /// Asks for nothing before `time`; nothing is lost of what was drawn.
    pub(crate) fn wait_until(&mut self, time: Time, workload: &Workload) {
        if matches!(workload, Workload::ClosedLoop(_)) {
            let mut early = Vec::new();
            while let Some(entry) = self.thinking.peek()
                && entry.0.0 < time
            {
                early.push(entry.0.1);
                self.thinking.pop();
            }
            self.thinking.extend(early.into_iter().map(|user| Reverse((time, user))));
        }
        self.next = self.next.max(time);
    }

    fn stream(&mut self, around: &Around) -> SimStream {
        self.draws += 1;
        Self::stream_of(around, self.draws)
    }

    fn stream_of(around: &Around, draw: u64) -> SimStream {
        around.dice.stream(ARRIVAL.indexed(around.index as u64), AgentId::NONE, draw)
    }

    /// The rate per second at which it draws.
    fn rate(around: &Around) -> f64 {
        let rate = match around.workload {
            Workload::Poisson(source) => source.per_second,
            Workload::Constant(source) => source.per_second,
            Workload::Bursty(source) => source.per_second,
            // Drawn at the peak's rate and thinned.
            Workload::Diurnal(source) => source.per_second * (1.0 + source.amplitude),
            Workload::ClosedLoop(_) | Workload::Trace(_) => return 1.0,
        };
        rate * around.factor
    }

    /// Takes over changed settings: what is left of an interval shrinks or grows with the rate.
    pub(crate) fn adapt(&mut self, around: &Around, now: Time) {
        match around.workload {
            Workload::ClosedLoop(source) => {
                while self.users < source.users {
                    let user = self.users;
                    self.users += 1;
                    self.think(around, user, now, false);
                }
                self.next = self.thinking.peek().map_or(NEVER, |entry| entry.0.0);
            }
            Workload::Trace(_) => {}
            Workload::Poisson(_) | Workload::Constant(_) | Workload::Bursty(_) | Workload::Diurnal(_) => {
                let rate = Self::rate(around);
                if rate == self.drawn {
                    return;
                }
                let left = self.next.saturating_sub(now);
                if rate <= 0.0 {
                    self.next = NEVER;
                } else if self.drawn > 0.0 && self.next < NEVER && !self.between_bursts(around) {
                    self.next = now.saturating_add((left as f64 * (self.drawn / rate)) as Time).min(NEVER - 1);
                    if matches!(around.workload, Workload::Bursty(_)) {
                        self.next = self.next.min(self.burst.1);
                    }
                } else if self.drawn <= 0.0 {
                    self.drawn = rate;
                    self.draw_next(around, now);
                }
                self.drawn = rate;
            }
        }
    }

    fn between_bursts(&self, around: &Around) -> bool {
        matches!(around.workload, Workload::Bursty(_)) && !self.burst.0
    }

    /// Draws when it is next its turn, from `now` on.
    fn draw_next(&mut self, around: &Around, now: Time) {
        let rate = self.drawn;
        let after = |seconds: f64| now.saturating_add(around.rate.parts(seconds)).min(NEVER - 1);
        self.next = match around.workload {
            _ if rate <= 0.0 => NEVER,
            Workload::Constant(_) => after(1.0 / rate),
            Workload::Poisson(_) | Workload::Diurnal(_) => {
                let gap = self.stream(around).exponential();
                after(f64::from(gap) / rate)
            }
            Workload::Bursty(source) => {
                let mut stream = self.stream(around);
                if now >= self.burst.1 {
                    let (on, mean) = if self.burst.0 { (false, source.off_s) } else { (true, source.on_s) };
                    self.burst = (on, after(mean * f64::from(stream.exponential())).max(now + 1));
                }
                if self.burst.0 {
                    after(f64::from(stream.exponential()) / rate).min(self.burst.1)
                } else {
                    self.burst.1
                }
            }
            Workload::ClosedLoop(_) | Workload::Trace(_) => self.next,
        };
    }

    /// A user thinks, and then asks again.
    pub(crate) fn think(&mut self, around: &Around, user: u32, now: Time, at_once: bool) {
        let Workload::ClosedLoop(source) = around.workload else { return };
        // Users that were taken away come back no more.
        if self.users > source.users {
            self.users -= 1;
            return;
        }
        let gap = f64::from(self.stream(around).exponential()) * source.think_ms / 1e3 / around.factor.max(1e-9);
        let mut again = now.saturating_add(around.rate.parts(gap)).min(NEVER - 1);
        // Who has an answer at the moment of asking and doesn't think would ask for ever at one moment.
        if at_once && again == now {
            again = around.end.max(now);
        }
        self.thinking.push(Reverse((again, user)));
        self.next = self.thinking.peek().map_or(NEVER, |entry| entry.0.0);
    }

    /// It is its turn, at `now`: what it asks for, if it asks for anything.
    pub(crate) fn take(
        &mut self,
        around: &Around,
        now: Time,
        files: &Files,
        reader: &mut Option<TraceReader>,
    ) -> Option<Request> {
        match around.workload {
            Workload::Trace(file) => return self.take_row(around, file, files, reader),
            Workload::ClosedLoop(source) => {
                let Reverse((_, user)) = self.thinking.pop()?;
                self.next = self.thinking.peek().map_or(NEVER, |entry| entry.0.0);
                if self.users > source.users {
                    self.users -= 1;
                    return None;
                }
                let key = self.key(around);
                return Some(Request { key, user, row: None });
            }
            Workload::Bursty(_) => {
                let asks = self.burst.0 && now < self.burst.1;
                self.draw_next(around, now);
                if !asks {
                    return None;
                }
            }
            Workload::Diurnal(source) => {
                let day = around.rate.seconds(now) / source.period_s + source.phase;
                let angle = ((day - day.floor()) * std::f64::consts::TAU) as f32;
                let share = (1.0 + source.amplitude * f64::from(ops::sin(angle))) / (1.0 + source.amplitude);
                let asks = f64::from(self.stream(around).unit()) < share;
                self.draw_next(around, now);
                if !asks {
                    return None;
                }
            }
            Workload::Poisson(_) | Workload::Constant(_) => self.draw_next(around, now),
        }
        let key = self.key(around);
        Some(Request { key, user: NONE, row: None })
    }

    /// The key of the next operation.
    fn key(&mut self, around: &Around) -> u64 {
        let Some(Demand { keys, key_skew, .. }) = around.workload.demand() else { return 0 };
        if keys <= 1 {
            return 0;
        }
        self.draws += 1;
        self.key_of(around, self.draws, keys, key_skew)
    }

    fn key_of(&mut self, around: &Around, draw: u64, keys: u32, key_skew: f32) -> u64 {
        let mut stream = Self::stream_of(around, draw);
        if key_skew <= 0.0 {
            return u64::from(stream.below(keys));
        }
        let zipf = self.zipf.filter(|zipf| zipf.fits(keys, key_skew)).unwrap_or_else(|| Zipf::new(keys, key_skew));
        self.zipf = Some(zipf);
        u64::from(zipf.draw(&mut stream) - 1)
    }

    /// The key of the operation that is asked for next, if nothing comes in between and that can be told: to ask for what it needs.
    pub(crate) fn foresee_key(&mut self, around: &Around) -> Option<u64> {
        // What is drawn before it.
        let before = match around.workload {
            Workload::Poisson(_) => 1,
            Workload::Constant(_) | Workload::ClosedLoop(_) => 0,
            Workload::Bursty(_) | Workload::Diurnal(_) | Workload::Trace(_) => return None,
        };
        let Demand { keys, key_skew, .. } = around.workload.demand()?;
        (keys > 1).then(|| self.key_of(around, self.draws + before + 1, keys, key_skew))
    }

    /// The trace, at the row that comes next. It was looked through when the scene was read; if it can't be read any longer
    /// that is told, because its requests are missing from then on.
    fn open(&self, file: &str, files: &Files) -> Option<TraceReader> {
        let (byte, at_s) = self.row?;
        let opened =
            files.traces.get(file).ok_or_else(|| "the scene was not read with it".to_owned()).and_then(|path| {
                let mut reader = TraceReader::open(path).map_err(|fault| fault.message)?;
                if byte > 0 {
                    reader.seek(byte, at_s).map_err(|fault| fault.message)?;
                }
                Ok(reader)
            });
        opened.inspect_err(|why| tracing::error!("the trace \"{file}\" ends here, it can't be read: {why}")).ok()
    }

    fn take_row(
        &mut self,
        around: &Around,
        file: &str,
        files: &Files,
        reader: &mut Option<TraceReader>,
    ) -> Option<Request> {
        if reader.is_none() {
            *reader = self.open(file, files);
        }
        let row = reader.as_mut().and_then(|reader| reader.next_row()?.ok());
        let ahead = reader.as_mut().and_then(TraceReader::peek);
        match ahead {
            Some((byte, at_s)) => {
                self.row = Some((byte, at_s));
                self.next = around.rate.parts(at_s).max(self.next);
            }
            None => {
                self.row = None;
                self.next = NEVER;
            }
        }
        row.map(|row| Request { key: row.key, user: NONE, row: Some(row) })
    }
}
