//! Attacks on trust in the scenes of the gallery: the damage where nothing is done against them, and what is left of it where
//! something is.

use agent2028::Sandbox;

/// The mean of a metric from a tick on to the end of a scene, with settings.
fn mean(scene: &str, settings: &[(&str, &str)], metric: &str, from: u64) -> f64 {
    let mut sandbox = Sandbox::builtin(scene).unwrap();
    for (path, value) in settings {
        sandbox = sandbox.set(path, *value).unwrap();
    }
    let ticks = sandbox.scene().unwrap().duration_ticks();
    sandbox.run(ticks).unwrap();
    let samples: Vec<f64> =
        sandbox.series(metric).unwrap().history(from, ticks, usize::MAX).iter().map(|bucket| bucket.mean()).collect();
    samples.iter().sum::<f64>() / samples.len() as f64
}

/// Both sides by side: without the defence, and with it.
fn sides(scene: &str, without: &[(&str, &str)], metric: &str, from: u64) -> (f64, f64) {
    (mean(scene, without, metric, from), mean(scene, &[], metric, from))
}

#[test]
fn routing_by_trust_gives_colluders_at_most_a_third_of_what_chance_does() {
    let random = &[("operations.strategy", "Random")];
    let (chance, trust) = sides("trust-routing", random, "trust.malicious_share", 900);
    assert!((0.27..0.33).contains(&chance) && 3.0 * trust <= chance, "{chance} {trust}");
}

#[test]
fn sybils_take_over_the_work_unless_trust_begins_with_founders() {
    let (undefended, defended) = sides("sybil", &[("trust.reputation", "Pooled")], "trust.malicious_share", 1300);
    assert!(undefended > 0.5 && defended < 0.1, "{undefended} {defended}");
}

#[test]
fn a_new_name_pays_only_where_newcomers_are_trusted() {
    let (undefended, defended) = sides("whitewash", &[("trust.newcomers", "0.9")], "trust.malicious_share", 900);
    assert!(undefended > 0.2 && defended < 0.06, "{undefended} {defended}");
}

#[test]
fn a_betrayal_is_hidden_by_a_long_past_unless_what_was_done_lately_counts() {
    let without = &[("trust.betrayal.memory", "100000"), ("trust.betrayal.severity", "1")];
    let (undefended, defended) = sides("on-off", without, "operations.success_ratio", 1100);
    assert!(undefended < 0.8 && defended > 0.84, "{undefended} {defended}");
}

#[test]
fn lies_turn_the_ranking_round_unless_raters_are_audited() {
    let without = &[("trust.audit.raters", "false")];
    let (undefended, defended) = sides("ballot-stuffing", without, "trust.rank_correlation", 1800);
    assert!(undefended < 0.2 && defended > 0.6, "{undefended} {defended}");
}
