use std::collections::BTreeMap;

use super::*;
use crate::score::Evidence;
use agent2028_core::rng::{Purpose, SimRng};
use proptest::prelude::*;

fn near(one: f64, other: f64, within: f64) {
    assert!((one - other).abs() <= within, "{one} is not {other}");
}

#[test]
fn an_edge_adds_up_what_was_observed_and_nobody_rates_itself() {
    let mut graph = TrustGraph::default();
    graph.observe(3, 5, Evidence::new(8.0, 0.0));
    graph.observe(3, 5, Evidence::new(0.0, 2.0));
    graph.observe(4, 4, Evidence::new(9.0, 0.0));
    assert_eq!(graph.len(), 1);
    assert_eq!(graph.evidence(3, 5).unwrap().score(), 0.75);
    assert_eq!(graph.evidence(5, 3), None);
    let mut seen = Vec::new();
    graph.for_each_arc(3, |target, trust| seen.push((target, trust)));
    assert_eq!(seen, [(5, 0.75)]);
}

#[test]
fn distrust_is_no_arc() {
    let row = |graph: &TrustGraph| {
        let mut seen = Vec::new();
        graph.for_each_arc(0, |target, trust| seen.push((target, (trust * 1e6).round() / 1e6)));
        seen.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap());
        seen
    };
    let mut graph = TrustGraph::default();
    for (target, r, s) in [(1, 0.0, 1.0), (2, 1.0, 1.0), (3, 2.0, 1.0), (4, 8.0, 2.0), (5, 0.0, 0.0)] {
        graph.observe(0, target, Evidence::new(r, s));
    }
    // (2 + 1)/(3 + 2) and (8 + 1)/(10 + 2); of the others as much is bad as good.
    assert_eq!(row(&graph), [(3, 0.6), (4, 0.75)]);
    graph.compact(|_, _| true);
    assert_eq!(row(&graph), [(3, 0.6), (4, 0.75)]);
    // Time doesn't make trust of it.
    graph.fade(3.0);
    assert_eq!(row(&graph).iter().map(|arc| arc.0).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(graph.faded(), 1, "the edge without any evidence");
}

#[test]
fn a_full_graph_counts_what_it_can_not_take() {
    let mut graph = TrustGraph::new(2);
    let one = Evidence::new(1.0, 0.0);
    assert!(graph.observe(0, 1, one) && graph.observe(0, 2, one) && !graph.observe(1, 2, one));
    assert!(graph.observe(0, 1, one));
    assert_eq!((graph.len(), graph.refused()), (2, 1));
}

#[test]
fn evidence_fades_over_any_number_of_halvings() {
    let mut graph = TrustGraph::default();
    graph.observe(0, 1, Evidence::new(1e6, 0.0));
    graph.observe(2, 1, Evidence::new(0.0, 64.0));
    graph.compact(|_, _| true);
    let mut amount = 1e6;
    for _ in 0..60 {
        graph.fade(0.9);
        amount *= libm::exp2(-0.9);
        near(graph.evidence(0, 1).unwrap().r / amount, 1.0, 1e-5);
        graph.observe(0, 1, Evidence::new(3.0, 0.0));
        amount += 3.0;
    }
    graph.compact(|_, _| true);
    assert_eq!(graph.evidence(2, 1), None, "what has faded is dropped");
    near(graph.evidence(0, 1).unwrap().r / amount, 1.0, 1e-5);
}

#[test]
fn rows_remember_when_they_changed() {
    let mut graph = TrustGraph::default();
    graph.observe(0, 1, Evidence::new(1.0, 0.0));
    let then = graph.changes();
    graph.observe(7, 1, Evidence::new(1.0, 0.0));
    assert!(graph.changed(7) > then && graph.changed(0) <= then);
    graph.fade(0.0);
    assert!(graph.changed(0) <= then);
    graph.fade(1.0);
    assert!(graph.changed(0) > then);
}

#[test]
fn a_graph_comes_back_from_its_bytes_and_nonsense_does_not() {
    let mut graph = TrustGraph::default();
    let mut stream = SimRng::new(1).global(Purpose::new("graph"), 0);
    for _ in 0..500 {
        let ends = [stream.unit(), stream.unit()].map(|unit| (unit * 40.0) as u32);
        graph.observe(ends[0], ends[1], Evidence::new(1.0, 0.5));
        if stream.unit() < 0.01 {
            graph.compact(|_, _| true);
        }
    }
    let bytes = postcard::to_stdvec(&graph).unwrap();
    let mut back: TrustGraph = postcard::from_bytes(&bytes).unwrap();
    back.restore().unwrap();
    assert_eq!(back.edges().collect::<Vec<_>>(), graph.edges().collect::<Vec<_>>());
    assert_eq!(postcard::to_stdvec(&back).unwrap(), bytes);
    let mut wrong = graph.clone();
    wrong.targets.pop();
    assert!(wrong.restore().is_err());
    let mut wrong = graph.clone();
    wrong.nodes = 3;
    assert!(wrong.restore().is_err());
}

#[test]
fn a_web_keeps_the_last_of_several_arcs() {
    let web = Web::new(3, &[(1, 2, 0.5), (0, 1, 2.0), (1, 2, 0.75), (1, 9, 0.5), (1, 0, f32::NAN)]);
    let row = |source| {
        let mut row = Vec::new();
        web.for_each_arc(source, |target, trust| row.push((target, trust)));
        row
    };
    assert_eq!((row(0), row(1), row(2), row(9)), (vec![(1, 1.0)], vec![(0, 0.0), (2, 0.75)], vec![], vec![]));
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    /// The same as a table of all pairs, whenever it is compacted.
    #[test]
    fn it_agrees_with_a_plain_table(steps in prop::collection::vec((0_u32..12, 0_u32..12, 0_u8..20), 0..400)) {
        let (mut graph, mut table) = (TrustGraph::default(), BTreeMap::<(u32, u32), (f64, f64)>::new());
        for (source, target, what) in steps {
            match what {
                0 => graph.compact(|_, _| true),
                1 => {
                    graph.compact(|from, to| from != source && to != source);
                    table.retain(|(from, to), _| *from != source && *to != source);
                }
                2 | 3 => {
                    graph.forget(|agent| agent != source && agent != target);
                    table.retain(|(from, to), _| ![source, target].contains(from) && ![source, target].contains(to));
                    prop_assert!(graph.changed(source) >= graph.changed(99));
                }
                _ if source != target => {
                    let evidence = Evidence::new(f64::from(what), f64::from(20 - what));
                    graph.observe(source, target, evidence);
                    let held = table.entry((source, target)).or_default();
                    *held = (held.0 + evidence.r, held.1 + evidence.s);
                }
                _ => {}
            }
        }
        prop_assert_eq!(graph.len(), table.len());
        let mut read: TrustGraph = postcard::from_bytes(&postcard::to_stdvec(&graph).unwrap()).unwrap();
        prop_assert_eq!(read.restore(), Ok(()));
        prop_assert!(read.edges().eq(graph.edges()));
        let mut seen = BTreeMap::new();
        for edge in graph.edges() {
            seen.insert((edge.source, edge.target), (edge.evidence.r, edge.evidence.s));
            prop_assert_eq!(graph.evidence(edge.source, edge.target), Some(edge.evidence));
        }
        prop_assert_eq!(&seen, &table);
        let mut visited = BTreeMap::new();
        graph.for_each(|source, target, r, s| { visited.insert((source, target), (r, s)); });
        prop_assert_eq!(visited, table);
    }
}
