//! Attacks, with and without what stops them.

use agent2028_core::agent::{AgentGroup, AgentId};
use agent2028_core::event::EventBus;
use agent2028_core::intervention::{AnyIntervention, Intervention};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_identity::config::ChecksConfig;
use agent2028_identity::config::IdentityConfig;
use agent2028_identity::events::{Intrusion, Refusal};
use agent2028_identity::interventions::{
    ForgeList, ForgeSignature, Impersonate, ReplayMessages, ReplayOpening, RevokePapers, RollbackList, RotateKeys,
    StealDelegation, StealOldKey, StripOffers,
};
use agent2028_identity::state::AttackKind;
use agent2028_identity::validator::{ControlKind, LinkError, SignatureKind};
use agent2028_identity::{ATTACK_LET_THROUGH, ATTACK_REFUSED, verdict_now};
use bevy::prelude::*;

use crate::scene::{Scene, agents, identities, metric};

/// An office with two strangers (14, 15).
fn with_strangers(checks: ChecksConfig) -> Scene {
    let mut scene = Scene::office();
    scene.groups.push(AgentGroup { name: "stranger".into(), count: 2, ..default() });
    scene.identity.checks = checks;
    scene
}

/// Runs an attack for five seconds.
fn under_attack(checks: ChecksConfig, attack: impl Into<AnyIntervention>) -> Simulation {
    let mut simulation = with_strangers(checks).start();
    simulation.run(5);
    simulation.intervene(attack);
    simulation.run(50);
    simulation
}

fn let_through(simulation: &Simulation) -> f64 {
    // Honest agents don't notice.
    assert_eq!(metric(simulation, "identity.refused_ratio"), 0.0);
    assert!(metric(simulation, "identity.attacks") > 35.0);
    metric(simulation, "identity.let_through_ratio")
}

fn reasons(simulation: &Simulation) -> Vec<LinkError> {
    let bus = simulation.world().resource::<EventBus>();
    let refused = bus.history().filter(|event| event.kind == ATTACK_REFUSED);
    let mut reasons: Vec<_> = refused.filter_map(|event| Some(event.payload.get::<Refusal>()?.error.clone())).collect();
    reasons.dedup();
    reasons
}

macro_rules! attack {
    ($kind:ident) => {
        $kind { select: agents(&[14, 15]), per_second: 5.0, ..default() }
    };
}

#[test]
fn forged_signatures_pass_only_where_nobody_checks_them() {
    let simulation = under_attack(ChecksConfig::default(), attack!(ForgeSignature));
    assert_eq!(let_through(&simulation), 0.0);
    assert_eq!(reasons(&simulation), [LinkError::Signature(SignatureKind::Classic)]);
    let simulation = under_attack(ChecksConfig { signatures: false, ..default() }, attack!(ForgeSignature));
    assert_eq!(let_through(&simulation), 1.0);
    let bus = simulation.world().resource::<EventBus>();
    let told = bus.history().find(|event| event.kind == ATTACK_LET_THROUGH).unwrap();
    let intrusion = told.payload.get::<Intrusion>().unwrap();
    assert_eq!((intrusion.kind, intrusion.victim), (AttackKind::ForgeSignature, AgentId(0)));
}

#[test]
fn stolen_papers_pass_only_where_nobody_asks_for_control() {
    let simulation = under_attack(ChecksConfig::default(), attack!(StealDelegation));
    assert_eq!((let_through(&simulation), reasons(&simulation)), (0.0, vec![LinkError::NotHolder]));
    let simulation = under_attack(ChecksConfig { control: false, ..default() }, attack!(StealDelegation));
    assert_eq!(let_through(&simulation), 1.0);
}

#[test]
fn impostors_pass_only_where_nobody_asks_for_control() {
    let simulation = under_attack(ChecksConfig::default(), attack!(Impersonate));
    let not_in_control = LinkError::NotInControl(ControlKind::Signature);
    assert_eq!((let_through(&simulation), reasons(&simulation)), (0.0, vec![not_in_control]));
    let simulation = under_attack(ChecksConfig { control: false, ..default() }, attack!(Impersonate));
    assert_eq!(let_through(&simulation), 1.0);
}

#[test]
fn replayed_messages_pass_only_where_nobody_looks() {
    let run = |checks| {
        let mut scene = Scene::ring();
        scene.identity.checks = checks;
        let mut simulation = scene.start();
        simulation.run(30);
        simulation.intervene(ReplayMessages { select: agents(&[5]), per_second: 20.0, duration_s: None });
        simulation.run(50);
        assert_eq!(metric(&simulation, "identity.replayed"), 100.0);
        assert_eq!(metric(&simulation, "identity.lost_messages"), 0.0);
        metric(&simulation, "identity.replayed_through")
    };
    assert_eq!(run(ChecksConfig::default()), 0.0);
    assert_eq!(run(ChecksConfig { replays: false, ..default() }), 100.0);
}

#[test]
fn an_attack_ends_with_its_duration() {
    let mut simulation = with_strangers(ChecksConfig::default()).start();
    simulation.intervene(Impersonate { duration_s: Some(2.0), per_second: 10.0, ..attack!(Impersonate) });
    simulation.run(40);
    assert!((38.0..=42.0).contains(&metric(&simulation, "identity.attacks")));
}

#[test]
fn attacks_that_make_no_sense_are_refused_with_a_reason() {
    let refused = |attack: AnyIntervention| {
        let mut simulation = with_strangers(ChecksConfig::default()).start();
        simulation.intervene(attack);
        simulation.run(1);
        let log = simulation.world().resource::<agent2028_core::intervention::InterventionLog>();
        log.0[0].outcome.clone().unwrap_err()
    };
    let nobody = ForgeSignature { victim: agents(&[3]), ..attack!(ForgeSignature) };
    assert!(refused(nobody.into()).contains("none of the chosen victims is a root"));
    let poor = StealDelegation { victim: agents(&[11]), ..attack!(StealDelegation) };
    assert!(refused(poor.into()).contains("has papers for database.query"));
    assert!(refused(ReplayMessages::default().into()).contains("no sealed channels"));
    assert_eq!(Impersonate::NAME, "Impersonate");
}

fn set_checks(simulation: &mut Simulation, checks: ChecksConfig) {
    simulation.world_mut().resource_mut::<IdentityConfig>().checks = checks;
}

#[test]
fn forged_lists_pass_only_where_nobody_checks_who_signed_them() {
    let forge = || ForgeList { select: agents(&[14, 15]), victim: agents(&[1, 2]), per_second: 2.0, ..default() };
    let mut simulation = with_strangers(ChecksConfig::default()).start();
    simulation.run(5);
    simulation.intervene(forge());
    simulation.run(100);
    assert!(metric(&simulation, "identity.lists_forged") > 20.0);
    assert_eq!(metric(&simulation, "identity.lists_forged_through"), 0.0);
    assert_eq!(metric(&simulation, "identity.refused_ratio"), 0.0);
    assert_eq!(metric(&simulation, "identity.lists_refused"), metric(&simulation, "identity.lists_forged"));
    // Where nobody looks, all that the issuers ever gave is gone.
    set_checks(&mut simulation, ChecksConfig { list_signatures: false, ..default() });
    simulation.run(100);
    assert!(metric(&simulation, "identity.lists_forged_through") > 0.0);
    let may = |simulation: &Simulation, agent: u32| {
        (11..14)
            .filter(|gate| {
                verdict_now(simulation.world(), AgentId(agent), "database.query", AgentId(*gate)).unwrap().is_yes()
            })
            .count()
    };
    assert_eq!((3..11).map(|agent| may(&simulation, agent)).sum::<usize>(), 0);
    // And it comes back when somebody looks again.
    set_checks(&mut simulation, ChecksConfig::default());
    simulation.run(20);
    assert_eq!((3..11).map(|agent| may(&simulation, agent)).sum::<usize>(), 8 * 3);
    assert!(identities(&simulation).state().known.values().flatten().all(|known| *known == 0));
}

#[test]
fn old_lists_come_back_only_where_nobody_looks_at_numbers() {
    let mut simulation = with_strangers(ChecksConfig::default()).start();
    simulation.run(5);
    // Issuer 1 attests to 3 and 5, and takes both back, one after the other.
    for owner in [3, 5] {
        simulation.intervene(RevokePapers { select: agents(&[owner]), capability: "database.*".into() });
        simulation.run(100);
    }
    assert_eq!(metric(&simulation, "identity.revocations_known"), 1.0);
    let lists = identities(&simulation).lists_of(AgentId(1));
    assert_eq!(lists.iter().map(|list| list.body.revoked.len()).collect::<Vec<_>>(), [1, 1], "each holds what it adds");
    let stale = metric(&simulation, "identity.stale");
    let old = RollbackList { select: agents(&[14, 15]), victim: agents(&[1]), per_second: 4.0, ..default() };
    simulation.intervene(old);
    simulation.run(100);
    assert!(metric(&simulation, "identity.lists_rolled_back") > 20.0);
    assert_eq!(metric(&simulation, "identity.lists_rolled_back_through"), 0.0);
    assert_eq!(metric(&simulation, "identity.stale"), stale);
    set_checks(&mut simulation, ChecksConfig { list_numbers: false, ..default() });
    simulation.run(100);
    assert!(metric(&simulation, "identity.lists_rolled_back_through") > 0.0);
    assert!(metric(&simulation, "identity.stale") > stale);
}

#[test]
fn openings_come_back_only_where_nobody_remembers_them() {
    let run = |checks| {
        let mut scene = Scene::ring();
        scene.identity.checks = checks;
        let mut simulation = scene.start();
        simulation.run(30);
        simulation.intervene(ReplayOpening { select: agents(&[5]), per_second: 20.0, duration_s: None });
        simulation.run(50);
        assert_eq!(metric(&simulation, "identity.reopened"), 100.0);
        (metric(&simulation, "identity.reopened_through"), metric(&simulation, "identity.lost_messages"))
    };
    assert_eq!(run(ChecksConfig::default()), (0.0, 0.0));
    // The window of the messages is no help: it begins anew with the channel. What the other end sends is lost.
    let (through, lost) = run(ChecksConfig { openings: false, ..default() });
    assert!(through == 100.0 && lost > 0.0, "{through} {lost}");
}

#[test]
fn stolen_old_keys_date_back_only_where_nobody_asks_a_witness() {
    let run = |checks| {
        let mut simulation = with_strangers(checks).start();
        simulation.run(5);
        simulation.intervene(RotateKeys { select: agents(&[0, 1]) });
        simulation.run(1);
        simulation.intervene(attack!(StealOldKey));
        simulation.run(50);
        simulation
    };
    // What was honestly signed with the old keys holds on.
    let simulation = run(ChecksConfig::default());
    assert_eq!((let_through(&simulation), reasons(&simulation)), (0.0, vec![LinkError::Unwitnessed]));
    assert_eq!(let_through(&run(ChecksConfig { witnesses: false, ..default() })), 1.0);
}

/// Six peers that open channels, and a stranger (6) who may stand on the way of what the first three offer, for three seconds.
#[cfg(feature = "crystals")]
fn on_the_way(checks: ChecksConfig, strips: bool) -> Simulation {
    use agent2028_identity::config::GroupOffer;
    use agent2028_identity::suite::SuiteId::{HybridCrystals, HybridFips};
    let mut scene = Scene::ring();
    scene.groups.push(AgentGroup { name: "stranger".into(), count: 1, ..default() });
    scene.identity.offers = vec![GroupOffer { agents: "peer".into(), suites: vec![HybridCrystals, HybridFips] }];
    scene.identity.checks = checks;
    let mut simulation = scene.start();
    if strips {
        let strip = StripOffers { select: agents(&[6]), victim: agents(&[0, 1, 2]), duration_s: Some(3.0) };
        simulation.intervene(strip);
    }
    simulation.run(20);
    simulation
}

#[cfg(feature = "crystals")]
#[test]
fn stripped_offers_open_channels_only_where_nobody_compares() {
    use agent2028_identity::CHANNEL_REFUSED;
    use agent2028_identity::events::ChannelRefused;
    let by_suite = |simulation: &Simulation| {
        ["fips", "crystals", "missing"].map(|name| metric(simulation, &format!("identity.channels_{name}")))
    };
    let stripped = |simulation: &Simulation| {
        ["", "_through"].map(|name| metric(simulation, &format!("identity.offers_stripped{name}")))
    };
    let undisturbed = on_the_way(ChecksConfig::default(), false);
    assert_eq!((by_suite(&undisturbed), stripped(&undisturbed)), ([6.0, 0.0, 0.0], [0.0, 0.0]));

    // Who compares opens nothing rather than something weaker, and tries again in each of two seconds.
    let mut compared = on_the_way(ChecksConfig::default(), true);
    assert_eq!((by_suite(&compared), stripped(&compared)), ([3.0, 0.0, 3.0], [6.0, 0.0]));
    let told: Vec<(Option<AgentId>, String)> = {
        let bus = compared.world().resource::<EventBus>();
        let refused = bus.history().filter(|event| event.kind == CHANNEL_REFUSED);
        refused.filter_map(|event| Some((event.source, event.payload.get::<ChannelRefused>()?.why.clone()))).collect()
    };
    assert_eq!(told.iter().filter_map(|(who, _)| who.map(|who| who.0)).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(told.iter().all(|(_, why)| why.contains("struck suites from the offer")), "{told:?}");
    // When the way is free the channels open, with the better suite.
    compared.run(30);
    assert_eq!(by_suite(&compared), [6.0, 0.0, 0.0]);

    let believed = on_the_way(ChecksConfig { downgrades: false, ..default() }, true);
    assert_eq!((by_suite(&believed), stripped(&believed)), ([3.0, 3.0, 0.0], [3.0, 3.0]));
    let bus = believed.world().resource::<EventBus>();
    let through = bus.history().find(|event| event.kind == ATTACK_LET_THROUGH).unwrap();
    let wanted = Intrusion { by: AgentId(1), kind: AttackKind::StripOffers, victim: AgentId(0) };
    assert_eq!((through.source, through.payload.get::<Intrusion>()), (Some(AgentId(6)), Some(&wanted)));
    assert_eq!(metric(&believed, "identity.lost_messages"), 0.0);
}

/// Lets 64 strangers attack 64 times, which is as often as it may be, and once more. Returns what is left behind of it.
fn as_often_as_may_be(attack: impl Fn(Selector) -> AnyIntervention, left: impl Fn(&Simulation) -> usize) {
    let mut scene = with_strangers(ChecksConfig::default());
    scene.groups[5].count = 64;
    scene.threads = 2;
    scene.identity.requests.clear();
    let mut simulation = scene.start();
    simulation.run(1);
    simulation.intervene(RotateKeys { select: agents(&[0]) });
    simulation.run(1);
    let outcome = |simulation: &Simulation| {
        let log = simulation.world().resource::<agent2028_core::intervention::InterventionLog>();
        log.0.last().unwrap().outcome.clone()
    };
    for round in 1..=64 {
        simulation.intervene(attack(Selector::Named("stranger".into())));
        simulation.run(1);
        assert_eq!((outcome(&simulation).is_ok(), left(&simulation)), (true, 64 * round));
    }
    let before = identities(&simulation).state().attacks.clone();
    simulation.intervene(attack(agents(&[14])));
    simulation.run(1);
    let refused = outcome(&simulation).unwrap_err();
    assert!(refused.contains("there may be 4096"), "{refused}");
    assert_eq!((left(&simulation), &identities(&simulation).state().attacks), (4096, &before));
}

#[test]
fn papers_that_are_dated_back_have_a_bound() {
    as_often_as_may_be(
        |select| {
            let (victim, capability) = (agents(&[0]), "database.query".into());
            StealOldKey { select, victim, capability, per_second: 0.0, ..default() }.into()
        },
        |simulation| identities(simulation).papers().filter(|(paper, _)| paper.seen > paper.issued).count(),
    );
}

#[test]
fn forged_lists_have_a_bound() {
    as_often_as_may_be(
        |select| ForgeList { select, victim: agents(&[0]), per_second: 0.0, ..default() }.into(),
        |simulation| identities(simulation).state().forged.len(),
    );
}

#[test]
fn attacks_on_lists_and_old_keys_need_lists_and_old_keys() {
    let refused = |attack: AnyIntervention| {
        let mut simulation = with_strangers(ChecksConfig::default()).start();
        simulation.intervene(attack);
        simulation.run(1);
        let log = simulation.world().resource::<agent2028_core::intervention::InterventionLog>();
        log.0[0].outcome.clone().unwrap_err()
    };
    assert!(refused(ForgeList { victim: agents(&[11]), ..default() }.into()).contains("issued anything"));
    assert!(refused(RollbackList::default().into()).contains("more than one revocation list"));
    assert!(refused(ReplayOpening::default().into()).contains("no sealed channels"));
    assert!(refused(StripOffers::default().into()).contains("no sealed channels"));
    assert!(refused(attack!(StealOldKey).into()).contains("has rotated its keys"));
}
