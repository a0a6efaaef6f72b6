//! The published cases of Malachite's vote keeper (`specs/consensus/quint/tests/votekeeper/votekeeperTest.qnt` and
//! `code/crates/core-votekeeper/tests/vote_keeper.rs`), and what keeps its memory bounded.

use Phase::{Precommit, Prevote};
use Threshold::{PolkaAny, PolkaNil, PolkaValue, PrecommitAny, PrecommitValue, Skip};
use proptest::prelude::*;

use super::*;

const V1: Option<ValueId> = Some(ValueId(1));
const V2: Option<ValueId> = Some(ValueId(2));
const NIL: Option<ValueId> = None;

struct Keeper {
    committee: Committee,
    votes: HeightVotes,
    current: Round,
}

impl Keeper {
    fn new(powers: &[u64], current: Round) -> Self {
        let committee = Committee::new(powers.to_vec()).unwrap();
        Self { votes: HeightVotes::new(1, committee.len()), committee, current }
    }

    fn vote(&mut self, phase: Phase, voter: u16, round: Round, value: Option<ValueId>) -> Added {
        self.votes.add(&self.committee, &Vote { height: 1, round, phase, voter: Voter(voter), value }, self.current)
    }

    /// Votes one after the other, and what each brings about.
    fn runs(powers: &[u64], current: Round, steps: &[(Phase, u16, Round, Option<ValueId>, Option<Threshold>)]) {
        let mut keeper = Self::new(powers, current);
        for (at, (phase, voter, round, value, wanted)) in steps.iter().enumerate() {
            let added = keeper.vote(*phase, *voter, *round, *value);
            assert_eq!(added.threshold, *wanted, "vote {at} of {steps:?}");
        }
    }
}

const ALICE: u16 = 0;
const BOB: u16 = 1;
const JOHN: u16 = 2;

#[test]
fn the_published_cases_of_the_vote_keeper_s_specification() {
    // synchronousConsensusTest
    Keeper::runs(
        &[60, 30, 10],
        1,
        &[
            (Prevote, ALICE, 1, V1, None),
            (Prevote, JOHN, 1, V1, Some(PolkaValue(ValueId(1)))),
            (Prevote, BOB, 1, V1, None),
            (Precommit, BOB, 1, V1, None),
            (Precommit, JOHN, 1, V1, None),
            (Precommit, ALICE, 1, V1, Some(PrecommitValue(ValueId(1)))),
        ],
    );
    // polkaAnyTest, polkaNilTest
    Keeper::runs(&[60, 30, 10], 1, &[(Prevote, ALICE, 1, V1, None), (Prevote, JOHN, 1, NIL, Some(PolkaAny))]);
    Keeper::runs(&[60, 30, 10], 1, &[(Prevote, ALICE, 1, NIL, None), (Prevote, JOHN, 1, NIL, Some(PolkaNil))]);
    // skipSmallQuorumAllPrevotesTest
    Keeper::runs(
        &[60, 30, 10],
        1,
        &[(Prevote, ALICE, 1, V1, None), (Prevote, JOHN, 2, V1, None), (Prevote, BOB, 2, V1, Some(Skip(2)))],
    );
    // noSkipSmallQuorumMixedVotesSameValTest
    Keeper::runs(
        &[10, 60, 20],
        1,
        &[(Prevote, ALICE, 1, V1, None), (Prevote, JOHN, 2, V1, None), (Precommit, JOHN, 2, V1, None)],
    );
    // skipSmallQuorumMixedVotesTwoValsTest
    Keeper::runs(
        &[50, 20, 10],
        1,
        &[(Prevote, ALICE, 1, V1, None), (Prevote, JOHN, 2, V1, None), (Prevote, BOB, 2, V1, Some(Skip(2)))],
    );
    // skipQuorumSinglePrevoteTest, skipQuorumSinglePrecommitTest
    for phase in [Prevote, Precommit] {
        Keeper::runs(&[10, 30, 60], 1, &[(Prevote, ALICE, 1, V1, None), (phase, JOHN, 2, V1, Some(Skip(2)))]);
    }
    // noSkipQuorumMixedVotesSameValTest
    Keeper::runs(
        &[60, 30, 10],
        1,
        &[(Prevote, ALICE, 1, V1, None), (Prevote, JOHN, 2, V1, None), (Precommit, JOHN, 2, V1, None)],
    );
    // skipQuorumMixedVotesTwoValsTest
    Keeper::runs(
        &[20, 50, 10],
        1,
        &[(Prevote, ALICE, 1, V1, None), (Prevote, JOHN, 2, V1, None), (Precommit, BOB, 2, V1, Some(Skip(2)))],
    );
}

#[test]
fn the_published_cases_of_the_vote_keeper_s_tests() {
    // prevote_apply_nil, precommit_apply_nil
    Keeper::runs(
        &[1; 3],
        0,
        &[(Prevote, 0, 0, NIL, None), (Prevote, 1, 0, NIL, None), (Prevote, 2, 0, NIL, Some(PolkaNil))],
    );
    Keeper::runs(
        &[1; 3],
        0,
        &[(Precommit, 0, 0, NIL, None), (Precommit, 1, 0, NIL, None), (Precommit, 2, 0, NIL, Some(PrecommitAny))],
    );
    // prevote_apply_single_value, precommit_apply_single_value: none → any → value
    for (phase, any, value) in
        [(Prevote, PolkaAny, PolkaValue(ValueId(1))), (Precommit, PrecommitAny, PrecommitValue(ValueId(1)))]
    {
        let steps = [(0, V1, None), (1, V1, None), (2, NIL, Some(any)), (3, V1, Some(value))];
        Keeper::runs(&[1; 4], 0, &steps.map(|(voter, choice, wanted)| (phase, voter, 0, choice, wanted)));
    }
    // skip_round_*
    for second in [Prevote, Precommit] {
        let begin = [(Prevote, 0, 0, V1, None), (Prevote, 1, 1, V1, None)];
        Keeper::runs(&[1; 4], 0, &[begin[0], begin[1], (second, 2, 1, V1, Some(Skip(1)))]);
        Keeper::runs(&[1, 1, 2], 0, &[begin[0], begin[1], (second, 2, 1, V1, Some(Skip(1)))]);
    }
    // no_skip_round_*
    Keeper::runs(&[1; 4], 0, &[(Prevote, 0, 0, V1, None), (Prevote, 1, 1, V1, None), (Precommit, 1, 1, V1, None)]);
    // applyVoteTest of votekeeper.qnt: five voters, the last with three of seven.
    Keeper::runs(&[1, 1, 1, 1, 3], 0, &[(Precommit, 0, 0, NIL, None), (Precommit, 4, 1, NIL, Some(Skip(1)))]);
}

#[test]
fn who_contradicts_itself_is_known_by_both_votes_and_repeats_count_once() {
    let mut keeper = Keeper::new(&[1; 3], 0);
    assert_eq!(keeper.vote(Prevote, 0, 0, V1), Added::default());
    for _ in 0..3 {
        assert_eq!(keeper.vote(Prevote, 0, 0, V1), Added::default());
    }
    let vote = |voter, value| Vote { height: 1, round: 0, phase: Prevote, voter: Voter(voter), value };
    let evidence = |voter, first, second| Added {
        threshold: None,
        evidence: Some(Evidence::Votes { first: vote(voter, first), second: vote(voter, second) }),
    };
    assert_eq!(keeper.vote(Prevote, 0, 0, NIL), evidence(0, V1, NIL));
    assert_eq!(keeper.vote(Prevote, 0, 0, NIL), Added::default(), "told once");
    assert_eq!(keeper.vote(Prevote, 0, 0, V2), Added::default(), "a third vote is one too many");
    assert_eq!(keeper.vote(Prevote, 1, 0, V1), Added::default());
    assert_eq!(keeper.vote(Prevote, 1, 0, V2), evidence(1, V1, V2));
    // Two of three voted, whatever they said and how often.
    assert!(!keeper.votes.has_any_quorum(&keeper.committee, 0, Prevote));
    assert_eq!([V1, V2, NIL].map(|value| keeper.votes.power_for(0, Prevote, value)), [2, 1, 1]);
}

#[test]
fn both_votes_of_a_liar_can_show_a_quorum_so_that_all_see_what_one_saw() {
    let mut keeper = Keeper::new(&[1; 4], 0);
    keeper.vote(Prevote, 3, 0, NIL);
    keeper.vote(Prevote, 0, 0, V1);
    assert_eq!(keeper.vote(Prevote, 1, 0, V1).threshold, Some(PolkaAny));
    let added = keeper.vote(Prevote, 3, 0, V1);
    assert_eq!(added.threshold, Some(PolkaValue(ValueId(1))));
    assert!(added.evidence.is_some_and(|evidence| evidence.is_proof() && evidence.accused() == Voter(3)));
    let certificate = keeper.votes.certificate(&keeper.committee, 0, Prevote, ValueId(1)).unwrap();
    assert_eq!(certificate.signers, [Voter(0), Voter(1), Voter(3)]);
    assert_eq!(certificate.check(&keeper.committee), Ok(()));
    assert_eq!(keeper.votes.certificate(&keeper.committee, 0, Precommit, ValueId(1)), None);
}

#[test]
fn voters_that_drifted_apart_are_pulled_together_by_those_ahead() {
    let mut keeper = Keeper::new(&[1; 7], 1);
    // Three of seven are ahead, each in another round: somebody honest has reached round 3.
    assert_eq!(keeper.vote(Prevote, 1, 5, V1).threshold, None);
    assert_eq!(keeper.vote(Prevote, 2, 3, V1).threshold, None);
    assert_eq!(keeper.vote(Precommit, 3, 9, NIL).threshold, Some(Skip(3)));
    keeper.current = 3;
    // A repetition pulls nobody, the next one ahead does.
    assert_eq!(keeper.vote(Precommit, 3, 9, NIL).threshold, None);
    assert_eq!(keeper.vote(Prevote, 4, 4, NIL).threshold, Some(Skip(4)));
}

#[test]
fn who_votes_in_rounds_that_never_come_fills_no_memory() {
    let mut keeper = Keeper::new(&[1; 4], 0);
    for round in 1..10_000 {
        keeper.vote(Prevote, 3, round, V1);
    }
    assert_eq!(keeper.votes.rounds().count(), ROUNDS_AHEAD);
    // It still tells how far it has come.
    assert_eq!(keeper.vote(Prevote, 2, 7000, V1).threshold, Some(Skip(7000)));
    keeper.vote(Prevote, 1, u32::MAX, V1);
    let stranger = Vote { height: 1, round: 0, phase: Prevote, voter: Voter(4), value: V1 };
    assert_eq!(keeper.votes.add(&keeper.committee, &stranger, 0), Added::default());
    let other_height = Vote { height: 2, voter: Voter(0), ..stranger };
    assert_eq!(keeper.votes.add(&keeper.committee, &other_height, 0), Added::default());
    assert_eq!(keeper.votes.power_for(0, Prevote, V1), 0);
}

#[test]
fn powers_near_the_end_of_the_integers_are_counted_right() {
    let most = crate::committee::MOST_POWER;
    let third = most / 3;
    Keeper::runs(
        &[third, third, third],
        0,
        &[
            (Prevote, 0, 0, V1, None),
            (Prevote, 1, 0, V1, None),
            (Prevote, 2, 0, V1, Some(PolkaValue(ValueId(1)))),
            (Precommit, 0, 0, V1, None),
            (Precommit, 1, 0, NIL, None),
            (Precommit, 2, 0, V1, Some(PrecommitAny)),
        ],
    );
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    /// However often and in whichever order votes come: each counts once, and the same thresholds are reached in the end.
    #[test]
    fn votes_count_once_each_in_whichever_order_they_come(
        choices in proptest::collection::vec((0_u32..4, 0_u32..3), 1..8),
        order in any::<u64>(),
    ) {
        // Each voter prevotes once and precommits once; 0 stands for no vote, 1 for none, others for a value.
        let value = |choice: u32| (choice > 1).then_some(ValueId(choice));
        let mut votes: Vec<(Phase, u16, Option<ValueId>)> = Vec::new();
        for (voter, (prevote, precommit)) in choices.iter().enumerate() {
            votes.extend((*prevote > 0).then(|| (Prevote, voter as u16, value(*prevote))));
            votes.extend((*precommit > 0).then(|| (Precommit, voter as u16, value(*precommit))));
        }
        let mut keepers = [Keeper::new(&vec![1; choices.len()], 0), Keeper::new(&vec![1; choices.len()], 0)];
        for (phase, voter, value) in &votes {
            prop_assert_eq!(keepers[0].vote(*phase, *voter, 0, *value).evidence, None);
        }
        let mut shuffled: Vec<usize> = (0..3 * votes.len()).collect();
        shuffled.sort_by_key(|at| (*at as u64 + 1).wrapping_mul(order | 1).rotate_left(23));
        for at in shuffled {
            let (phase, voter, value) = votes[at % votes.len()];
            prop_assert_eq!(keepers[1].vote(phase, voter, 0, value).evidence, None);
        }
        prop_assert_eq!(&keepers[0].votes, &keepers[1].votes);
        for (phase, value) in [(Prevote, NIL), (Prevote, Some(ValueId(2))), (Precommit, NIL), (Precommit, Some(ValueId(2)))] {
            let wanted = votes.iter().filter(|(of, _, other)| *of == phase && *other == value).count();
            prop_assert_eq!(keepers[0].votes.power_for(0, phase, value), wanted as u64);
        }
    }
}
