//! Random graphs.

use std::collections::BTreeSet;

use agent2028_core::rng::SimStream;
use bevy::math::ops;

use super::below;

/// Everybody has `degree` links, drawn by pairing stubs; pairs that can't be links are exchanged with others (Molloy & Reed
/// 1995's configuration model, made simple by switches). If `count · degree` is odd, one has a link less, or one more when
/// everybody is linked with more than half of the others.
#[must_use]
pub fn random_regular(count: u32, degree: u32, stream: &mut SimStream) -> Vec<(u32, u32)> {
    let most = count.saturating_sub(1);
    let degree = degree.min(most);
    if degree > most / 2 {
        // Of a dense graph the links that aren't there are drawn: among them switches always find room.
        let key = |(a, b): (u32, u32)| (a.min(b), a.max(b));
        let missing: BTreeSet<_> = random_regular(count, most - degree, stream).into_iter().map(key).collect();
        let all = (1..count).flat_map(|b| (0..b).map(move |a| (a, b)));
        return all.filter(|pair| !missing.contains(pair)).collect();
    }
    let mut stubs: Vec<u32> = (0..count).flat_map(|place| std::iter::repeat_n(place, degree as usize)).collect();
    for last in (1..stubs.len()).rev() {
        stubs.swap(last, below(stream, last as u32 + 1) as usize);
    }
    let mut pairs: Vec<(u32, u32)> = stubs.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    let key = |(a, b): (u32, u32)| (a.min(b), a.max(b));
    let mut known = BTreeSet::new();
    let mut bad: Vec<usize> = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        if pair.0 == pair.1 || !known.insert(key(*pair)) {
            bad.push(at);
        }
    }
    // A switch needs a few tries; very small graphs may leave a pair that nothing fits.
    for at in bad.clone() {
        for _ in 0..10_000 {
            let with = below(stream, pairs.len() as u32) as usize;
            let ((a, b), (c, d)) = (pairs[at], pairs[with]);
            if bad.contains(&with) || a == d || c == b || a == c && b == d {
                continue;
            }
            let (one, other) = (key((a, d)), key((c, b)));
            if one == other || known.contains(&one) || known.contains(&other) {
                continue;
            }
            known.remove(&key((c, d)));
            known.insert(one);
            known.insert(other);
            (pairs[at], pairs[with]) = ((a, d), (c, b));
            bad.retain(|known| *known != at);
            break;
        }
    }
    pairs.into_iter().enumerate().filter(|(at, _)| !bad.contains(at)).map(|(_, pair)| pair).collect()
}

/// Each pair is linked with the same chance, so that the mean degree is `mean_degree` (Erdős & Rényi 1959; Gilbert's form),
/// drawn in time proportional to the links (Batagelj & Brandes 2005).
#[must_use]
pub fn erdos_renyi(count: u32, mean_degree: f32, stream: &mut SimStream) -> Vec<(u32, u32)> {
    let mut edges = Vec::new();
    if count < 2 || mean_degree <= 0.0 {
        return edges;
    }
    let chance = (mean_degree / (count - 1) as f32).min(1.0);
    if chance >= 1.0 {
        return (1..count).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    }
    let rate = f64::from(-ops::ln_1p(-chance));
    let (mut row, mut column) = (1_u64, -1_i64);
    loop {
        column += 1 + (f64::from(stream.exponential()) / rate) as i64;
        while column >= row as i64 {
            column -= row as i64;
            row += 1;
            if row >= u64::from(count) {
                return edges;
            }
        }
        edges.push((column as u32, row as u32));
    }
}

/// A ring with `reach` neighbours on either side, of which each link is led elsewhere with chance `rewire` (Watts &
/// Strogatz 1998).
#[must_use]
pub fn watts_strogatz(count: u32, reach: u32, rewire: f32, stream: &mut SimStream) -> Vec<(u32, u32)> {
    let key = |a: u32, b: u32| (a.min(b), a.max(b));
    let edges = super::ring(count, reach);
    let mut known: BTreeSet<(u32, u32)> = edges.iter().map(|(a, b)| key(*a, *b)).collect();
    for (from, to) in edges {
        if stream.unit() >= rewire || !known.contains(&key(from, to)) {
            continue;
        }
        for _ in 0..64 {
            let other = below(stream, count);
            if other != from && !known.contains(&key(from, other)) {
                known.remove(&key(from, to));
                known.insert(key(from, other));
                break;
            }
        }
    }
    known.into_iter().collect()
}

/// Newcomers link to `links` of those who are there, by how many links these have (Barabási & Albert 1999); the first
/// `links` + 1 know each other.
#[must_use]
pub fn barabasi_albert(count: u32, links: u32, stream: &mut SimStream) -> Vec<(u32, u32)> {
    let links = links.max(1);
    let first = (links + 1).min(count);
    let mut edges: Vec<(u32, u32)> = (1..first).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    // Everybody stands here as often as there are links to it.
    let mut ends: Vec<u32> = edges.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let mut chosen: Vec<u32> = Vec::new();
    for newcomer in first..count {
        chosen.clear();
        while (chosen.len() as u32) < links {
            let other = ends[below(stream, ends.len() as u32) as usize];
            if !chosen.contains(&other) {
                chosen.push(other);
            }
        }
        for other in &chosen {
            edges.push((*other, newcomer));
            ends.extend([*other, newcomer]);
        }
    }
    edges
}
