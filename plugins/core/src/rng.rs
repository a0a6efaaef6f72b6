//! Random numbers: counter-based streams keyed by (scene seed, purpose, agent, tick). All chance in a simulation comes from
//! here.
//!
//! Philox 4×32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3") has no state to
//! advance: a stream is a key, so the order in which systems, threads or machines draw changes nothing, and a
//! checkpoint has no generator to save.

use std::convert::Infallible;

use bevy::prelude::*;
use rand::TryRng;
use uuid::Uuid;

use crate::agent::AgentId;

/// What a stream is for. Two purposes never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(u64);

impl Purpose {
    /// A purpose by name, such as `"boids.wander"`: the FNV-1a hash, so that it can be a constant.
    #[must_use]
    pub const fn new(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut index = 0;
        while index < bytes.len() {
            hash ^= bytes[index] as u64;
            hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
            index += 1;
        }
        Self(hash)
    }

    /// The same purpose for the `index`-th of several like things (interventions of one tick, layers, nests …).
    #[must_use]
    #[inline]
    pub const fn indexed(self, index: u64) -> Self {
        Self(mix(self.0 ^ mix(index.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }
}

/// SplitMix64's finaliser (Steele, Lea & Flood 2014): spreads a key over all 64 bits.
#[inline]
const fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The source of all chance in a simulation.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimRng {
    seed: u64,
}

impl SimRng {
    /// The dice of a scene with this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The scene's seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The numbers that `agent` may use for `purpose` in `tick`: always the same ones, whoever asks and when.
    #[must_use]
    #[inline]
    pub const fn stream(&self, purpose: Purpose, agent: AgentId, tick: u64) -> SimStream {
        let key = mix(self.seed ^ mix(purpose.0));
        SimStream {
            key: [key as u32, (key >> 32) as u32],
            counter: [0, agent.0, tick as u32, (tick >> 32) as u32],
            block: [0; 4],
            used: 4,
        }
    }

    /// The first 32 bits of the streams of many agents, as [`SimRng::stream`] gives them one by one, in place of what `words` held:
    /// several at once, where the processor can.
    pub fn first_words(&self, purpose: Purpose, agents: &[u32], tick: u64, words: &mut Vec<u32>) {
        words.clear();
        words.resize(agents.len(), 0);
        let SimStream { key, counter, .. } = self.global(purpose, tick);
        first_words(counter, key, agents, words);
    }

    /// The numbers of a purpose that belongs to no agent.
    #[must_use]
    pub const fn global(&self, purpose: Purpose, tick: u64) -> SimStream {
        self.stream(purpose, AgentId::NONE, tick)
    }

    /// A version 4 UUID for the `index`-th thing of a purpose.
    #[must_use]
    pub fn uuid(&self, purpose: Purpose, index: u64) -> Uuid {
        let mut bytes = [0; 16];
        let mut stream = self.stream(purpose, AgentId::NONE, index);
        stream.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// A stream of random numbers; implements [`rand::Rng`].
#[derive(Clone, Debug)]
pub struct SimStream {
    key: [u32; 2],
    counter: [u32; 4],
    block: [u32; 4],
    used: u8,
}

impl SimStream {
    #[inline]
    fn word(&mut self) -> u32 {
        if self.used == 4 {
            self.block = philox4x32_10(self.counter, self.key);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.used = 0;
        }
        let word = self.block[usize::from(self.used)];
        self.used += 1;
        word
    }

    /// A number in [0, 1) with 24 random bits.
    #[inline]
    pub fn unit(&mut self) -> f32 {
        (self.word() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// A number in [0, 1) with 53 random bits: where what lies far out in a tail counts. It is at most 2⁻²⁴ above what
    /// [`SimStream::unit`] would have given.
    #[inline]
    pub fn unit_fine(&mut self) -> f64 {
        let bits = u64::from(self.word()) << 21 | u64::from(self.word() >> 11);
        bits as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A number below `limit`, all alike; 0 if `limit` is 0 (Lemire 2019; the bias is below 2⁻³² for limits below 2³²).
    #[inline]
    pub fn below(&mut self, limit: u32) -> u32 {
        let bits = u64::from(self.word()) << 32 | u64::from(self.word());
        ((u128::from(bits) * u128::from(limit)) >> 64) as u32
    }

    /// A number in [−1, 1).
    #[inline]
    pub fn signed_unit(&mut self) -> f32 {
        self.unit() * 2.0 - 1.0
    }

    /// A direction, uniform on the circle.
    #[inline]
    pub fn direction(&mut self) -> Vec2 {
        let angle = self.unit() * std::f32::consts::TAU;
        Vec2::new(bevy::math::ops::cos(angle), bevy::math::ops::sin(angle))
    }

    /// An exponentially distributed number with mean 1, at most 16.6. By inversion, with a logarithm that has the same bits
    /// on every machine (which the ziggurats of `rand_distr` don't promise).
    #[inline]
    pub fn exponential(&mut self) -> f32 {
        -bevy::math::ops::ln(1.0 - self.unit())
    }

    /// A normally distributed number with mean 0 and standard deviation 1, within ±5.8 (Box & Muller 1958).
    #[inline]
    pub fn normal(&mut self) -> f32 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * bevy::math::ops::cos(self.unit() * std::f32::consts::TAU)
    }

    /// A normally distributed number with mean 0 and standard deviation 1, as [`SimStream::normal`], but right far out, too: it
    /// reaches ±8.5.
    #[inline]
    pub fn normal_fine(&mut self) -> f64 {
        let (chance, turn) = (1.0 - self.unit_fine(), self.unit_fine());
        normal_of(chance, turn)
    }

    fn fill(&mut self, destination: &mut [u8]) {
        for chunk in destination.chunks_mut(4) {
            let word = self.word().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

/// A normal number from two even ones in (0, 1] and [0, 1) (Box & Muller 1958), with functions that have the same bits on every
/// machine.
fn normal_of(chance: f64, turn: f64) -> f64 {
    (-2.0 * libm::log(chance)).sqrt() * libm::cos(turn * std::f64::consts::TAU)
}

impl TryRng for SimStream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.word());
        Ok(low | (u64::from(self.word()) << 32))
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        self.fill(destination);
        Ok(())
    }
}

fn first_words(counter: [u32; 4], key: [u32; 2], agents: &[u32], words: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as was just asked; that is all that `first_words_avx2` needs.
        #[expect(unsafe_code, reason = "the processor was asked for AVX2 just above")]
        return unsafe { first_words_avx2(counter, key, agents, words) };
    }
    first_words_any(counter, key, agents, words);
}

/// The same code compiled for eight lanes; it is all whole numbers, so the bits are the same.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn first_words_avx2(counter: [u32; 4], key: [u32; 2], agents: &[u32], words: &mut [u32]) {
    first_words_any(counter, key, agents, words);
}

#[inline(always)]
fn first_words_any(counter: [u32; 4], key: [u32; 2], agents: &[u32], words: &mut [u32]) {
    const LANES: usize = 8;
    let (eights, rest) = agents.as_chunks::<LANES>();
    let (words_of_eights, words_of_rest) = words.as_chunks_mut::<LANES>();
    for (agents, words) in eights.iter().zip(words_of_eights) {
        let mut lanes = counter.map(|word| [word; LANES]);
        lanes[1] = *agents;
        let mut key = key;
        for _ in 0..10 {
            let [mut a, mut b, mut c, mut d] = lanes;
            for lane in 0..LANES {
                let first = MULTIPLIERS[0] * u64::from(a[lane]);
                let second = MULTIPLIERS[1] * u64::from(c[lane]);
                a[lane] = (second >> 32) as u32 ^ b[lane] ^ key[0];
                b[lane] = second as u32;
                c[lane] = (first >> 32) as u32 ^ d[lane] ^ key[1];
                d[lane] = first as u32;
            }
            lanes = [a, b, c, d];
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        *words = lanes[0];
    }
    for (agent, word) in rest.iter().zip(words_of_rest) {
        *word = philox4x32_10([counter[0], *agent, counter[2], counter[3]], key)[0];
    }
}

const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// One block of Philox 4×32 with ten rounds.
#[inline]
const fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let mut round = 0;
    while round < 10 {
        let first = MULTIPLIERS[0] * counter[0] as u64;
        let second = MULTIPLIERS[1] * counter[2] as u64;
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        round += 1;
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, RngExt};

    /// The vectors that ship with Random123 (kat_vectors, philox4x32 10).
    #[test]
    fn philox_known_answers() {
        assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32_10([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32_10([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn many_streams_at_once_begin_as_each_does() {
        let (dice, purpose, mut words) = (SimRng::new(11), Purpose::new("test"), vec![7; 3]);
        for count in [0_u32, 1, 7, 8, 19, 256] {
            let agents: Vec<u32> = (0..count).map(|at| at * 977 + at % 3).collect();
            let tick = 5 << 31 | u64::from(count);
            dice.first_words(purpose, &agents, tick, &mut words);
            let each = agents.iter().map(|agent| dice.stream(purpose, AgentId(*agent), tick).next_u32());
            assert_eq!(words, each.collect::<Vec<_>>());
            let (key, counter) = (dice.global(purpose, tick).key, dice.global(purpose, tick).counter);
            let mut plain = vec![0; agents.len()];
            first_words_any(counter, key, &agents, &mut plain);
            assert_eq!(words, plain, "with or without wide registers");
        }
    }

    #[test]
    fn a_stream_does_not_depend_on_what_was_drawn_before() {
        let dice = SimRng::new(7);
        let purpose = Purpose::new("test");
        let mut first = dice.stream(purpose, AgentId(3), 9);
        let expected: Vec<u32> = (0..9).map(|_| first.next_u32()).collect();
        let _ = dice.stream(purpose, AgentId(2), 9).next_u64();
        let mut again = dice.stream(purpose, AgentId(3), 9);
        assert_eq!(expected, (0..9).map(|_| again.next_u32()).collect::<Vec<_>>());
    }

    #[test]
    fn seed_purpose_agent_and_tick_all_separate_streams() {
        let base = SimRng::new(1).stream(Purpose::new("a"), AgentId(1), 1).next_u64();
        for other in [
            SimRng::new(2).stream(Purpose::new("a"), AgentId(1), 1).next_u64(),
            SimRng::new(1).stream(Purpose::new("b"), AgentId(1), 1).next_u64(),
            SimRng::new(1).stream(Purpose::new("a"), AgentId(2), 1).next_u64(),
            SimRng::new(1).stream(Purpose::new("a"), AgentId(1), 2).next_u64(),
            SimRng::new(1).stream(Purpose::new("a").indexed(0), AgentId(1), 1).next_u64(),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn unit_numbers_are_uniform() {
        let mut stream = SimRng::new(5).global(Purpose::new("uniform"), 0);
        let mean = (0..100_000).map(|_| f64::from(stream.unit())).sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 0.004, "{mean}");
        let dice: u32 = stream.random_range(1..=6);
        assert!((1..=6).contains(&dice));
    }

    #[test]
    fn exponential_and_normal_numbers_have_their_moments() {
        let mut stream = SimRng::new(5).global(Purpose::new("moments"), 0);
        let moments = |draws: &[f64]| {
            let mean = draws.iter().sum::<f64>() / draws.len() as f64;
            (mean, draws.iter().map(|draw| (draw - mean) * (draw - mean)).sum::<f64>() / draws.len() as f64)
        };
        let exponential: Vec<f64> = (0..100_000).map(|_| f64::from(stream.exponential())).collect();
        let (mean, variance) = moments(&exponential);
        assert!((mean - 1.0).abs() < 0.015 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
        assert!(exponential.iter().all(|draw| (0.0..17.0).contains(draw)));
        let normal: Vec<f64> = (0..100_000).map(|_| f64::from(stream.normal())).collect();
        let (mean, variance) = moments(&normal);
        assert!(mean.abs() < 0.015 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        let within = normal.iter().filter(|draw| draw.abs() < 1.96).count() as f64 / 1e5;
        assert!((within - 0.95).abs() < 0.004, "{within}");
    }

    /// E[exp(σZ)] = exp(σ²/2) hangs on Z near σ: over octaves of the chance, each as finely as the others, so that what comes
    /// once in 10¹⁵ draws is looked at as closely as what comes every second time.
    #[test]
    fn the_tails_of_normal_numbers_hold_as_much_as_they_should() {
        for sigma in [0.5_f64, 1.0, 2.0, 3.0, 4.0, 5.0] {
            let mut mean = 0.0;
            for octave in 0..53_i32 {
                let top = libm::exp2(f64::from(-octave));
                let draws = (0..32).flat_map(|part| {
                    let chance = top * (1.0 - (f64::from(part) + 0.5) / 64.0);
                    (0..256).map(move |turn| normal_of(chance, (f64::from(turn) + 0.5) / 256.0))
                });
                let sum: f64 = draws.map(|draw| libm::exp(sigma * draw - sigma * sigma / 2.0)).sum();
                mean += sum / (32.0 * 256.0) * top / 2.0;
            }
            assert!((mean - 1.0).abs() < 0.005, "σ = {sigma}: {mean}");
        }
    }

    #[test]
    fn fine_numbers_are_even_in_all_their_bits_and_follow_the_coarse_ones() {
        let fine: Vec<f64> =
            (0..100_000).map(|at| SimRng::new(5).global(Purpose::new("fine"), at).unit_fine()).collect();
        let mean = fine.iter().sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 0.004, "{mean}");
        for bit in 0..53 {
            let ones = fine.iter().filter(|draw| (**draw * 9_007_199_254_740_992.0) as u64 >> bit & 1 != 0).count();
            // Five standard deviations.
            assert!((ones as f64 - 5e4).abs() < 5.0 * 25_000_f64.sqrt(), "bit {bit}: {ones}");
        }
        for (at, fine) in fine.iter().enumerate() {
            let mut stream = SimRng::new(5).global(Purpose::new("fine"), at as u64);
            let coarse = f64::from(stream.clone().unit());
            assert!((0.0..1.0 / 16_777_216.0).contains(&(fine - coarse)));
            assert!(stream.below(10) < 10 && stream.below(0) == 0);
        }
    }

    #[test]
    fn uuids_have_version_4_and_repeat() {
        let dice = SimRng::new(5);
        let uuid = dice.uuid(Purpose::new("agent"), 12);
        assert_eq!(uuid.get_version_num(), 4);
        assert_eq!(uuid, dice.uuid(Purpose::new("agent"), 12));
        assert_ne!(uuid, dice.uuid(Purpose::new("agent"), 13));
    }
}
