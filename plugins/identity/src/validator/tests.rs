use std::cell::Cell;
use std::collections::BTreeMap;

use agent2028_core::rng::SimRng;

use super::*;
use crate::attestation::Claim;
use crate::canonical::Digest;
use crate::delegation::Grant;
use crate::fixture::{keys, time};
use crate::notary::Notary;
use crate::revocation::{RevocationStore, Revocations};
use crate::suite::{PrivateKeys, SuiteId};

/// Six identities: a root (0), an issuer (1), and agents (2 to 5).
struct Town {
    keys: Vec<Box<dyn PrivateKeys>>,
    documents: BTreeMap<Did, DidDocument>,
    dids: Vec<Did>,
    revocations: RevocationStore,
    witness: Notary,
    attestations: BTreeMap<Did, Vec<Arc<Attestation>>>,
    delegations: BTreeMap<Did, Vec<Arc<Delegation>>>,
}

impl Documents for BTreeMap<Did, DidDocument> {
    fn document(&self, did: Did) -> Option<&DidDocument> {
        self.get(&did)
    }
}

impl Papers for Town {
    fn attestations_of(&self, subject: Did) -> &[Arc<Attestation>] {
        self.attestations.get(&subject).map_or(&[], Vec::as_slice)
    }

    fn delegations_to(&self, delegate: Did) -> &[Arc<Delegation>] {
        self.delegations.get(&delegate).map_or(&[], Vec::as_slice)
    }
}

/// A delegation from one to another, from second 10 to `until`.
#[derive(Clone, Copy)]
struct Given<'a>(usize, usize, &'a str, i64, bool);

impl Town {
    fn new() -> Self {
        let keys: Vec<_> = (1..=6).map(keys).collect();
        let documents: Vec<_> = keys.iter().map(|keys| DidDocument::new(keys.public().clone(), time(0))).collect();
        let mut town = Self {
            dids: documents.iter().map(|document| document.did).collect(),
            documents: documents.into_iter().map(|document| (document.did, document)).collect(),
            keys,
            revocations: RevocationStore::default(),
            witness: Notary::new(&SimRng::new(1), SuiteId::HybridFips, "witness").unwrap(),
            attestations: BTreeMap::new(),
            delegations: BTreeMap::new(),
        };
        town.attest(0, 1, "identity.issue.database.*", 1000);
        town.attest(1, 2, "database.*", 500);
        town
    }

    fn attest(&mut self, by: usize, of: usize, capability: &str, until: i64) {
        let claim = Claim {
            issuer: self.dids[by],
            subject: self.dids[of],
            capability: capability.into(),
            audience: String::new(),
            issued: time(5),
            expires: time(until),
            epoch: 0,
            proof: [0; 16],
        };
        let attestation = Arc::new(claim.sign(self.keys[by].as_ref()).unwrap());
        self.attestations.entry(self.dids[of]).or_default().push(attestation);
    }

    fn delegate(&mut self, Given(by, to, capability, until, redelegable): Given) -> Digest {
        let grant = Grant {
            delegator: self.dids[by],
            delegate: self.dids[to],
            capability: capability.into(),
            issued: time(10),
            expires: time(until),
            redelegable,
        };
        let id = grant.id();
        let delegation = Arc::new(grant.sign(self.keys[by].as_ref()).unwrap());
        self.delegations.entry(self.dids[to]).or_default().push(delegation);
        id
    }

    fn revoke(&mut self, by: usize, ids: &[Digest], at: i64) {
        self.list(by, ids, at, 0);
    }

    /// The next list of somebody, who raises the epoch by so much.
    fn list(&mut self, by: usize, ids: &[Digest], at: i64, raise: u32) {
        let none = Revocations::none(self.dids[by]).head();
        let known = self.revocations.head_of(self.dids[by]).unwrap_or(none);
        let body = Revocations::after(self.dids[by], &known, ids.iter().copied(), time(at));
        let list = Revocations { epoch: body.epoch + raise, ..body }.sign(self.keys[by].as_ref()).unwrap();
        self.revocations.take_over(&[Arc::new(list)], &self.documents[&self.dids[by]], &|_| true).unwrap();
    }

    fn with<R>(&self, checks: Checks, ask: impl FnOnce(&PeerValidator) -> R) -> R {
        ask(&PeerValidator {
            roots: &self.dids[..1],
            documents: &self.documents,
            revocations: &self.revocations,
            signatures: &AtOnce,
            witness: Some(self.witness.public()),
            checks,
            max_issuers: 2,
            max_delegations: 3,
        })
    }

    fn may(&self, who: usize, capability: &str, at: i64) -> Verdict {
        let control = Some(Ok(()));
        self.with(Checks::default(), |validator| validator.may(self.dids[who], capability, "", self, control, time(at)))
    }

    /// What is wrong, and with which link.
    fn why_not(&self, who: usize, capability: &str, at: i64) -> (LinkKind, usize, LinkError) {
        let verdict = self.may(who, capability, at);
        let failing = verdict.failing.unwrap();
        (verdict.links[failing].kind, failing, verdict.error.unwrap())
    }
}

#[test]
fn a_whole_chain_holds_and_is_shown() {
    let mut town = Town::new();
    town.delegate(Given(2, 3, "database.query", 400, true));
    town.delegate(Given(3, 4, "database.query", 300, true));
    let verdict = town.may(4, "database.query", 100);
    assert!(verdict.is_yes());
    let kinds: Vec<LinkKind> = verdict.links.iter().map(|link| link.kind).collect();
    use LinkKind::{Attestation, Control, Delegation, Issuer};
    assert_eq!(kinds, [Issuer, Attestation, Delegation, Delegation, Control]);
    assert!(verdict.links.iter().all(|link| link.outcome == Some(Ok(()))));
    let hands: Vec<Did> = verdict.links.iter().map(|link| link.to).collect();
    assert_eq!(hands, [1, 2, 3, 4, 4].map(|who| town.dids[who]));
    assert!(town.may(2, "database.write.fast", 100).is_yes());
}

#[test]
fn who_has_no_papers_may_nothing() {
    let town = Town::new();
    let verdict = town.may(5, "database.query", 100);
    assert_eq!((verdict.error, verdict.failing, verdict.links.len()), (Some(LinkError::Nothing), None, 0));
    assert!(!town.may(2, "mail.send", 100).is_yes());
}

#[test]
fn time_ends_and_has_not_begun() {
    let mut town = Town::new();
    town.delegate(Given(2, 3, "database.query", 400, true));
    assert!(town.may(3, "database.query", 399).is_yes());
    assert_eq!(town.why_not(3, "database.query", 400), (LinkKind::Delegation, 2, LinkError::Expired(time(400))));
    assert_eq!(town.why_not(3, "database.query", 9), (LinkKind::Delegation, 2, LinkError::NotYetValid(time(10))));
    assert_eq!(town.why_not(3, "database.query", 4), (LinkKind::Issuer, 0, LinkError::NotYetValid(time(5))));
    assert_eq!(town.why_not(2, "database.query", 500), (LinkKind::Attestation, 1, LinkError::Expired(time(500))));
}

#[test]
fn revoking_a_link_cuts_all_beyond_it() {
    let mut town = Town::new();
    let first = town.delegate(Given(2, 3, "database.query", 400, true));
    town.delegate(Given(3, 4, "database.query", 300, true));
    town.delegate(Given(4, 5, "database.query", 200, false));
    assert!(town.may(5, "database.query", 100).is_yes());
    // Somebody else's word about it doesn't count.
    town.revoke(5, &[first], 50);
    assert!(town.may(5, "database.query", 100).is_yes());
    town.revoke(2, &[first], 50);
    for who in [3, 4, 5] {
        assert_eq!(town.why_not(who, "database.query", 100), (LinkKind::Delegation, 2, LinkError::Revoked(1)));
    }
    assert!(town.may(2, "database.query", 100).is_yes());
    // The links beyond were never asked.
    let verdict = town.may(5, "database.query", 100);
    assert_eq!(
        verdict.links.iter().map(|link| link.outcome.is_some()).collect::<Vec<_>>()[2..],
        [true, false, false, false]
    );
}

#[test]
fn attestations_can_be_revoked_one_by_one_and_by_epoch() {
    let mut town = Town::new();
    let id = town.attestations[&town.dids[2]][0].claim.id();
    town.revoke(1, &[id], 50);
    assert_eq!(town.why_not(2, "database.query", 100), (LinkKind::Attestation, 1, LinkError::Revoked(1)));
    let mut town = Town::new();
    town.list(1, &[], 50, 1);
    let old = LinkError::OldEpoch { epoch: 0, now: 1 };
    assert_eq!(town.why_not(2, "database.query", 100), (LinkKind::Attestation, 1, old));
}

#[test]
fn nobody_evades_a_new_epoch_by_claiming_a_later_one() {
    let with_epoch = |epoch, issued| {
        let mut town = Town::new();
        let held = &town.attestations[&town.dids[2]][0].claim;
        let claim = Claim { epoch, issued: time(issued), ..held.clone() };
        let attestation = Arc::new(claim.sign(town.keys[1].as_ref()).unwrap());
        town.attestations.insert(town.dids[2], vec![attestation]);
        town
    };
    let mut town = with_epoch(u32::MAX, 5);
    // As long as the issuer has said nothing of epochs, nobody can know better.
    assert!(town.may(2, "database.query", 100).is_yes());
    town.list(1, &[], 50, 1);
    let ahead = LinkError::EpochNotBegun { epoch: u32::MAX, then: 1 };
    assert_eq!(town.why_not(2, "database.query", 100), (LinkKind::Attestation, 1, ahead));
    // What is really of an epoch of which the list isn't here yet holds.
    let mut town = with_epoch(2, 60);
    town.list(1, &[], 50, 1);
    assert!(town.may(2, "database.query", 100).is_yes());
    town.list(1, &[], 70, 2);
    assert_eq!(town.may(2, "database.query", 100).error, Some(LinkError::OldEpoch { epoch: 2, now: 3 }));
}

#[test]
fn stolen_keys_that_were_rotated_out_can_not_date_back() {
    let mut town = Town::new();
    town.delegate(Given(2, 3, "database.query", 400, true));
    let (holder, former, new) = (town.dids[3], keys(3), keys(9));
    let honest = Arc::clone(&town.delegations[&holder][0]);
    town.documents.get_mut(&town.dids[2]).unwrap().rotate(former.as_ref(), new.as_ref(), time(50)).unwrap();
    let seen = |town: &Town, delegation: &Delegation, at| {
        let given = Testimony::give(&town.witness, vec![delegation.signature.id()], time(at)).unwrap();
        Arc::new(Delegation { witness: Some(given.into()), ..delegation.clone() })
    };
    let ask = |town: &mut Town, delegation: Arc<Delegation>, checks| {
        town.delegations.insert(holder, vec![delegation]);
        let verdict =
            town.with(checks, |validator| validator.may(holder, "database.query", "", town, Some(Ok(())), time(100)));
        verdict.error
    };
    let all = Checks::default();
    // Before anybody saw it, it is nobody's word but the thief's.
    assert_eq!(ask(&mut town, Arc::clone(&honest), all), Some(LinkError::Unwitnessed));
    let witnessed = seen(&town, &honest, 11);
    assert_eq!(ask(&mut town, witnessed, all), None);
    let late = seen(&town, &honest, 50);
    assert_eq!(ask(&mut town, late, all), Some(LinkError::Unwitnessed));
    // The testimony about another paper, or by another witness, is none.
    let other = Delegation { grant: Grant { redelegable: false, ..honest.grant.clone() }, ..(*honest).clone() };
    let other = other.grant.sign(former.as_ref()).unwrap();
    let borrowed = Arc::new(Delegation { witness: seen(&town, &other, 11).witness.clone(), ..(*honest).clone() });
    assert_eq!(ask(&mut town, borrowed, all), Some(LinkError::Unwitnessed));
    town.witness = Notary::new(&SimRng::new(2), SuiteId::HybridFips, "witness").unwrap();
    let by_another = seen(&town, &honest, 11);
    town.witness = Notary::new(&SimRng::new(1), SuiteId::HybridFips, "witness").unwrap();
    assert_eq!(ask(&mut town, by_another, all), Some(LinkError::Unwitnessed));
    // What happens to those who don't ask.
    assert_eq!(ask(&mut town, honest, Checks { witnesses: false, ..all }), None);
}

/// Counts how often somebody looks for papers.
struct Counted<'a>(&'a Town, Cell<u64>);

impl Papers for Counted<'_> {
    fn attestations_of(&self, subject: Did) -> &[Arc<Attestation>] {
        self.1.set(self.1.get() + 1);
        self.0.attestations_of(subject)
    }

    fn delegations_to(&self, delegate: Did) -> &[Arc<Delegation>] {
        self.0.delegations_to(delegate)
    }
}

/// `ways` delegations from each of `hops` agents to the next, of which the last one holds nothing; and, if the first one is
/// attested, a chain of that length.
fn maze(hops: usize, ways: usize, is_attested: bool) -> (Town, Did) {
    let mut town = Town::new();
    let did = |hop: usize| Did(Digest::of(&[hop as u8, 77]));
    let signature = town.attestations[&town.dids[2]][0].signature.clone();
    for hop in 0..hops {
        let delegator = if hop == 0 && is_attested { town.dids[2] } else { did(hop) };
        let grants = (0..ways).map(|way| {
            let grant = Grant {
                delegator,
                delegate: did(hop + 1),
                capability: "database.query".into(),
                issued: time(10 + way as i64),
                expires: time(400),
                redelegable: true,
            };
            Arc::new(Delegation { grant, signature: signature.clone(), witness: None })
        });
        town.delegations.insert(did(hop + 1), grants.collect());
        let document = DidDocument { did: did(hop), ..town.documents[&town.dids[5]].clone() };
        town.documents.insert(did(hop), document);
    }
    (town, did(hops))
}

#[test]
fn the_work_of_a_search_grows_with_the_papers_and_not_with_the_ways_through_them() {
    let looks = |hops, is_attested| {
        let (town, holder) = maze(hops, 4, is_attested);
        let counted = Counted(&town, Cell::new(0));
        let validator = PeerValidator {
            roots: &town.dids[..1],
            documents: &town.documents,
            revocations: &town.revocations,
            signatures: &AtOnce,
            witness: None,
            checks: Checks { signatures: false, ..Checks::default() },
            max_issuers: 2,
            max_delegations: 16,
        };
        let verdict = validator.may(holder, "database.query", "", &counted, Some(Ok(())), time(100));
        (verdict.is_yes(), counted.1.get())
    };
    // 4^14 are 268 million ways through 56 papers.
    let (may, few) = looks(14, true);
    assert!(may && few <= 4 * 14 * 16, "{few}");
    let (may, none) = looks(14, false);
    assert!(!may && none <= 4 * 14 * 16 + 2 * 4096, "{none}");
}

/// The chain that holds is found however many that don't stand before it.
#[test]
fn what_does_not_hold_does_not_hide_what_does() {
    let mut town = Town::new();
    // 3 holds a delegation that was revoked and granted again; both come from 2, who is attested.
    let id = town.delegate(Given(2, 3, "database.query", 400, true));
    town.revoke(2, &[id], 20);
    let again = Grant { issued: time(30), ..town.delegations[&town.dids[3]][0].grant.clone() };
    let again = Arc::new(again.sign(town.keys[2].as_ref()).unwrap());
    town.delegations.get_mut(&town.dids[3]).unwrap().push(again);
    assert!(town.may(3, "database.query", 100).is_yes());
    // Of two ways to 4, the shorter one through the narrower papers holds nothing.
    town.delegate(Given(3, 4, "database.*", 300, true));
    town.delegate(Given(2, 4, "database.query", 300, true));
    town.delegate(Given(4, 5, "database.query", 200, true));
    assert!(town.may(5, "database.query", 100).is_yes());
}

#[test]
fn a_link_may_only_narrow_and_shorten() {
    let mut town = Town::new();
    town.delegate(Given(2, 3, "database.query", 400, true));
    town.delegate(Given(3, 4, "database.*", 300, true));
    let widened = LinkError::Widened { held: "database.query".into(), wanted: "database.*".into() };
    assert_eq!(town.why_not(4, "database.write", 100), (LinkKind::Delegation, 3, widened));
    let mut town = Town::new();
    town.delegate(Given(2, 3, "database.query", 400, true));
    town.delegate(Given(3, 4, "database.query", 401, true));
    let outlives = LinkError::Outlives { until: time(401), bound: time(400) };
    assert_eq!(town.why_not(4, "database.query", 100), (LinkKind::Delegation, 3, outlives));
    // An attestation is no wider than what its issuer may attest, either.
    let mut town = Town::new();
    town.attest(1, 5, "mail.*", 500);
    let widened =
        LinkError::Widened { held: "identity.issue.database.*".into(), wanted: "identity.issue.mail.*".into() };
    assert_eq!(town.why_not(5, "mail.send", 100), (LinkKind::Attestation, 1, widened));
    // A delegator that was attested something else.
    town.delegate(Given(2, 4, "mail.send", 400, true));
    let widened = LinkError::Widened { held: "database.*".into(), wanted: "mail.send".into() };
    assert_eq!(town.why_not(4, "mail.send", 100), (LinkKind::Delegation, 2, widened));
}

#[test]
fn only_what_may_be_passed_on_is_passed_on() {
    let mut town = Town::new();
    town.delegate(Given(2, 3, "database.query", 400, false));
    town.delegate(Given(3, 4, "database.query", 300, true));
    assert!(town.may(3, "database.query", 100).is_yes());
    assert_eq!(town.why_not(4, "database.query", 100), (LinkKind::Delegation, 3, LinkError::NotRedelegable));
}

#[test]
fn chains_are_bounded_and_cycles_end() {
    let mut town = Town::new();
    for (by, to, until) in [(2, 3, 400), (3, 4, 300), (4, 5, 200)] {
        town.delegate(Given(by, to, "database.query", until, true));
    }
    assert!(town.may(5, "database.query", 100).is_yes());
    town.delegate(Given(5, 0, "database.query", 150, true));
    let deep = LinkError::TooDeep { depth: 4, bound: 3 };
    assert_eq!(town.why_not(0, "database.query", 100), (LinkKind::Delegation, 5, deep));
    // A circle of delegations gives nobody anything.
    let mut town = Town::new();
    town.delegate(Given(3, 4, "mail.send", 400, true));
    town.delegate(Given(4, 3, "mail.send", 400, true));
    assert!(!town.may(3, "mail.send", 100).is_yes());
    // Issuers: a root, and two between it and the agent, but not three.
    let mut town = Town::new();
    town.attest(1, 3, "identity.issue.database.*", 900);
    town.attest(3, 4, "identity.issue.database.*", 800);
    town.attest(3, 5, "database.query", 700);
    assert!(town.may(5, "database.query", 100).is_yes());
    town.attestations.remove(&town.dids[5]);
    town.attest(4, 5, "database.query", 700);
    assert!(!town.may(5, "database.query", 100).is_yes());
}

#[test]
fn an_issuer_must_be_a_root_or_come_from_one() {
    let mut town = Town::new();
    town.attest(4, 5, "database.query", 500);
    assert_eq!(town.why_not(5, "database.query", 100), (LinkKind::Attestation, 0, LinkError::IssuerNotTrusted));
    // Holding a capability isn't being its issuer.
    town.attest(2, 5, "database.query", 500);
    assert!(!town.may(5, "database.query", 100).is_yes());
    town.attest(0, 5, "database.query", 500);
    assert!(town.may(5, "database.query", 100).is_yes());
}

#[test]
fn a_forged_link_is_found() {
    let mut town = Town::new();
    town.delegate(Given(2, 3, "database.query", 400, true));
    let held = town.dids[3];
    let original = town.delegations[&held][0].clone();
    let with = |change: &dyn Fn(&mut Delegation)| {
        let mut town = Town::new();
        let mut forged = (*original).clone();
        change(&mut forged);
        town.delegations.insert(held, vec![Arc::new(forged)]);
        town.why_not(3, "database.query", 100).2
    };
    let wrong = LinkError::Signature;
    assert_eq!(with(&|forged| forged.grant.expires = time(450)), wrong(SignatureKind::Data));
    assert_eq!(with(&|forged| forged.grant.redelegable = false), wrong(SignatureKind::Data));
    assert_eq!(with(&|forged| forged.signature.halves.classic[0][3] ^= 4), wrong(SignatureKind::Classic));
    assert_eq!(with(&|forged| forged.signature.halves.lattice[3] ^= 4), wrong(SignatureKind::Lattice));
    assert_eq!(with(&|forged| forged.signature.context = ATTESTATION.into()), wrong(SignatureKind::Context));
    assert_eq!(with(&|forged| forged.signature.at = time(11)), LinkError::OtherTime);
    assert_eq!(with(&|forged| forged.signature.key = Default::default()), LinkError::KeyNotInForce);
    // Signed with the forger's own keys, in the name of another.
    let mut forger = Town::new();
    let own = original.grant.clone().sign(forger.keys[5].as_ref()).unwrap();
    forger.delegations.insert(held, vec![Arc::new(own)]);
    assert_eq!(forger.why_not(3, "database.query", 100).2, LinkError::KeyNotInForce);
}

#[test]
fn who_has_ended_or_is_unknown_vouches_for_nobody() {
    let mut town = Town::new();
    town.delegate(Given(2, 3, "database.query", 400, true));
    let (did, private) = (town.dids[2], keys(3));
    town.documents.get_mut(&did).unwrap().deactivate(private.as_ref(), time(50)).unwrap();
    assert_eq!(town.why_not(3, "database.query", 100), (LinkKind::Delegation, 2, LinkError::Deactivated));
    town.documents.remove(&did);
    assert_eq!(town.why_not(3, "database.query", 100), (LinkKind::Delegation, 2, LinkError::UnknownIdentity));
}

#[test]
fn a_stolen_chain_is_no_use_without_the_keys() {
    let mut town = Town::new();
    town.delegate(Given(2, 3, "database.query", 400, true));
    let (victim, thief) = (town.dids[3], town.dids[5]);
    let shown = Presentation {
        attestations: vec![town.attestations[&town.dids[1]][0].clone(), town.attestations[&town.dids[2]][0].clone()],
        delegations: vec![town.delegations[&victim][0].clone()],
        control: Some(Ok(())),
    };
    let ask = |checks, holder, shown: &Presentation| {
        town.with(checks, |validator| validator.validate(holder, "database.query", "", shown, time(100)))
    };
    assert!(ask(Checks::default(), victim, &shown).is_yes());
    // In its own name the thief isn't the holder; in the victim's it can't answer the nonce.
    assert_eq!(ask(Checks::default(), thief, &shown).error, Some(LinkError::NotHolder));
    let forged = Presentation { control: Some(Err(ControlError::KeyNotInForce)), ..shown.clone() };
    let verdict = ask(Checks::default(), victim, &forged);
    assert_eq!(verdict.error, Some(LinkError::NotInControl(ControlKind::KeyNotInForce)));
    assert_eq!(verdict.links[verdict.failing.unwrap()].kind, LinkKind::Control);
    let silent = Presentation { control: None, ..shown.clone() };
    assert!(!ask(Checks::default(), victim, &silent).is_yes());
    // What happens to those who don't ask.
    let credulous = Checks { control: false, ..Checks::default() };
    assert!(ask(credulous, thief, &shown).is_yes());
    // A chain with a link cut out is broken.
    let gap = Presentation { delegations: vec![], ..shown.clone() };
    assert_eq!(ask(Checks::default(), victim, &gap).error, Some(LinkError::NotHolder));
    let headless = Presentation { attestations: vec![], ..shown };
    assert_eq!(ask(Checks::default(), victim, &headless).error, Some(LinkError::Nothing));
}

#[test]
fn an_attestation_may_be_for_one_audience() {
    let mut town = Town::new();
    let claim = Claim { audience: "archive".into(), ..town.attestations[&town.dids[2]][0].claim.clone() };
    let attestation = Arc::new(claim.sign(town.keys[1].as_ref()).unwrap());
    town.attestations.insert(town.dids[2], vec![attestation]);
    let ask = |audience| {
        town.with(Checks::default(), |validator| {
            validator.may(town.dids[2], "database.query", audience, &town, Some(Ok(())), time(100))
        })
    };
    assert!(ask("archive").is_yes());
    assert_eq!(ask("library").error, Some(LinkError::OtherAudience("archive".into())));
}

#[test]
fn errors_read_as_sentences() {
    let error = LinkError::Widened { held: "database.query".into(), wanted: "database.*".into() };
    assert_eq!(error.to_string(), "it allows database.* where database.query is held");
    assert_eq!(
        LinkError::Signature(SignatureKind::Lattice).to_string(),
        "its signature is wrong: its lattice half is wrong"
    );
    let expired = LinkError::Expired(time(60));
    assert_eq!(expired.to_string(), "it expired at 2028-01-01 00:01:00.000");
    let control = LinkError::NotInControl(ControlKind::KeyNotInForce);
    assert_eq!(control.to_string(), "control of the identity was not proven: the key was not in force");
}
