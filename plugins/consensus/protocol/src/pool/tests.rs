use proptest::prelude::*;

use super::*;

fn terms(options: u16, method: Method, rule: Rule) -> Terms {
    Terms { topic: 1, options, method, rule, participation: Share::NONE, opens: 10, closes: 20 }
}

fn ballot(voter: Elector, choice: Choice) -> Ballot {
    Ballot { pool: 7, round: 0, voter, choice }
}

fn single(voters: u32, rule: Rule, votes: &[(Elector, OptionId)]) -> Pool {
    let electors = (0..voters).map(|voter| (voter, 1)).collect();
    let mut pool = Pool::open(7, terms(3, Method::Single, rule), electors).unwrap();
    for (voter, option) in votes {
        pool.cast(&ballot(*voter, Choice::Option(*option)), 15).unwrap();
    }
    pool
}

#[test]
fn the_classic_example_gives_approve_with_a_confidence_of_1_7_thirds() {
    let electors = (0..3).map(|voter| (voter, 1_000_000)).collect();
    let mut pool = Pool::open(7, terms(2, Method::Confidence, Rule::SimpleMajority), electors).unwrap();
    for (voter, option, confidence) in [(0, 0, 900_000), (1, 0, 800_000), (2, 1, 900_000)] {
        assert_eq!(pool.cast(&ballot(voter, Choice::Confident(option, confidence)), 15), Ok(Cast::Counted));
    }
    assert_eq!(pool.outcome(), Outcome::Decided { option: 0, confidence: Share::of(1.7 / 3.0) });
}

#[test]
fn thresholds_are_shares_of_all_who_may_vote() {
    // Four of ten agree, and nobody else votes.
    let votes = [(0, 1), (1, 1), (2, 1), (3, 1)];
    assert_eq!(single(10, Rule::SimpleMajority, &votes).outcome(), Outcome::NotReached(1));
    assert_eq!(
        single(7, Rule::SimpleMajority, &votes).outcome(),
        Outcome::Decided { option: 1, confidence: Share::ALL }
    );
    assert_eq!(
        single(6, Rule::SuperMajority, &votes).outcome(),
        Outcome::Decided { option: 1, confidence: Share::ALL }
    );
    assert_eq!(single(5, Rule::Byzantine, &votes).outcome(), Outcome::Decided { option: 1, confidence: Share::ALL });
    assert_eq!(single(5, Rule::Byzantine, &votes[..3]).outcome(), Outcome::NotReached(1), "2f + 1 of five are too few");
    assert_eq!(single(5, Rule::Unanimous, &votes).outcome(), Outcome::NotReached(1));
}

#[test]
fn weights_decide_where_they_are_asked_and_come_from_who_opens_the_pool() {
    let rule = Rule::Weighted(Share::of(0.6));
    let mut pool = Pool::open(7, terms(2, Method::Single, rule), vec![(3, 70), (5, 20), (8, 10)]).unwrap();
    pool.cast(&ballot(5, Choice::Option(1)), 12).unwrap();
    pool.cast(&ballot(8, Choice::Option(1)), 12).unwrap();
    assert_eq!(pool.outcome(), Outcome::NotReached(1));
    pool.cast(&ballot(3, Choice::Option(0)), 12).unwrap();
    assert_eq!(pool.outcome(), Outcome::Decided { option: 0, confidence: Share::of(0.7) });
}

#[test]
fn ties_are_told_as_ties() {
    assert_eq!(single(4, Rule::SimpleMajority, &[(0, 2), (1, 2), (2, 0), (3, 0)]).outcome(), Outcome::Tied(vec![0, 2]));
    let electors: Vec<_> = (0..2).map(|voter| (voter, 1)).collect();
    let mut pool = Pool::open(7, terms(3, Method::Ranked, Rule::SimpleMajority), electors.clone()).unwrap();
    pool.cast(&ballot(0, Choice::Ranking(vec![vec![0], vec![1], vec![2]])), 15).unwrap();
    pool.cast(&ballot(1, Choice::Ranking(vec![vec![1], vec![0], vec![2]])), 15).unwrap();
    assert_eq!(pool.outcome(), Outcome::Tied(vec![0, 1]));
    let mut pool = Pool::open(7, terms(2, Method::Quadratic { credits: 25 }, Rule::SimpleMajority), electors).unwrap();
    pool.cast(&ballot(0, Choice::Votes(vec![(0, 3), (1, 4)])), 15).unwrap();
    pool.cast(&ballot(1, Choice::Votes(vec![(0, 1)])), 15).unwrap();
    assert_eq!(pool.outcome(), Outcome::Tied(vec![0, 1]));
    assert_eq!(single(4, Rule::SimpleMajority, &[]).outcome(), Outcome::Nothing);
}

#[test]
fn who_cares_more_prevails_under_quadratic_voting() {
    // Two are lukewarm for 0, one cares for 1: 2 + 2 votes cost 4 each, 5 votes cost 25.
    let electors = (0..3).map(|voter| (voter, 1)).collect();
    let mut pool = Pool::open(7, terms(2, Method::Quadratic { credits: 25 }, Rule::SimpleMajority), electors).unwrap();
    for (voter, votes) in [(0, (0, 2)), (1, (0, 2)), (2, (1, 5))] {
        pool.cast(&ballot(voter, Choice::Votes(vec![votes])), 15).unwrap();
    }
    assert_eq!(pool.outcome(), Outcome::Decided { option: 1, confidence: Share::of(5.0 / 9.0) });
}

#[test]
fn the_most_approved_wins() {
    let electors = (0..3).map(|voter| (voter, 1)).collect();
    let mut pool = Pool::open(7, terms(3, Method::Approval, Rule::SimpleMajority), electors).unwrap();
    for (voter, approved) in [(0, vec![0, 1]), (1, vec![1, 2]), (2, vec![])] {
        pool.cast(&ballot(voter, Choice::Approved(approved)), 15).unwrap();
    }
    assert_eq!(pool.outcome(), Outcome::Decided { option: 1, confidence: Share::of(2.0 / 3.0) });
}

#[test]
fn early_and_late_votes_do_not_count_and_too_few_decide_nothing() {
    let mut pool = single(4, Rule::SimpleMajority, &[]);
    let vote = ballot(0, Choice::Option(1));
    assert_eq!(pool.cast(&vote, 9), Err(Refusal::NotOpen(10)));
    assert_eq!(pool.cast(&vote, 21), Err(Refusal::Closed(20)));
    assert_eq!(pool.cast(&vote, 10), Ok(Cast::Counted));
    assert_eq!(pool.cast(&ballot(1, Choice::Option(1)), 20), Ok(Cast::Counted));
    let mut strict =
        Pool::open(7, Terms { participation: Share::of(0.75), ..*pool.terms() }, pool.electors().to_vec()).unwrap();
    for voter in 0..2 {
        strict.cast(&ballot(voter, Choice::Option(1)), 15).unwrap();
    }
    assert_eq!(strict.outcome(), Outcome::TooFew(Share::of(0.5)));
    strict.cast(&ballot(2, Choice::Option(1)), 15).unwrap();
    assert_eq!(strict.outcome(), Outcome::Decided { option: 1, confidence: Share::ALL });
}

#[test]
fn ballots_are_bound_to_pool_and_round() {
    let pool = single(3, Rule::SimpleMajority, &[]);
    let mut again = pool.again(Rule::Unanimous, 30, 40).unwrap();
    let old = ballot(0, Choice::Option(1));
    assert_eq!(again.cast(&old, 35), Err(Refusal::OtherRound(0)));
    assert_eq!(again.cast(&Ballot { round: 1, pool: 8, ..old.clone() }, 35), Err(Refusal::OtherPool(8)));
    assert_eq!(again.cast(&Ballot { round: 1, voter: 3, ..old.clone() }, 35), Err(Refusal::NotEligible(3)));
    assert_eq!(again.cast(&Ballot { round: 1, ..old }, 35), Ok(Cast::Counted));
    assert_eq!(again.terms().rule, Rule::Unanimous);
}

#[test]
fn who_votes_twice_counts_for_neither_and_the_proof_can_be_shown() {
    let mut pool = single(4, Rule::SimpleMajority, &[(0, 1), (1, 1), (2, 1)]);
    assert_eq!(pool.cast(&ballot(2, Choice::Option(1)), 15), Ok(Cast::Repeated));
    let Ok(Cast::Equivocated(proof)) = pool.cast(&ballot(2, Choice::Option(0)), 15) else { panic!() };
    assert!(proof.is_proof() && proof.first.choice == Choice::Option(1) && proof.second.choice == Choice::Option(0));
    assert_eq!(pool.cast(&ballot(2, Choice::Option(1)), 15), Err(Refusal::Excluded(2)));
    assert_eq!(pool.outcome(), Outcome::NotReached(1));
    assert_eq!(pool.equivocations().collect::<Vec<_>>(), [&proof]);
    assert!(!Equivocation { second: proof.first.clone(), ..proof.clone() }.is_proof());
    let other_round = Ballot { round: 1, ..proof.second.clone() };
    assert!(!Equivocation { second: other_round, ..proof }.is_proof());
}

#[test]
fn pools_that_make_no_sense_are_not_opened() {
    let good = terms(2, Method::Single, Rule::SimpleMajority);
    let open = |terms, electors: &[(Elector, u64)]| Pool::open(1, terms, electors.to_vec()).err();
    assert_eq!(open(Terms { options: 1, ..good }, &[(0, 1)]), Some(PoolError::Options(1)));
    assert_eq!(open(Terms { closes: 9, ..good }, &[(0, 1)]), Some(PoolError::Deadline(10, 9)));
    assert_eq!(open(good, &[(1, 1), (1, 1)]), Some(PoolError::Twice(1)));
    assert_eq!(open(good, &[(1, u64::MAX), (2, 1)]), Some(PoolError::TooMuchWeight));
    // Nobody may vote: nothing is decided.
    assert_eq!(Pool::open(1, good, vec![]).unwrap().outcome(), Outcome::Nothing);
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    /// However ballots are repeated and in which order they come, each voter counts once at most, and the same is decided.
    #[test]
    fn no_vote_is_counted_twice_whatever_is_repeated_in_which_order(
        votes in proptest::collection::vec((0_u32..6, 0_u16..3), 1..40),
        order in any::<u64>(),
    ) {
        let mut shuffled: Vec<(usize, (u32, u16))> = votes.iter().copied().chain(votes.iter().copied()).enumerate().collect();
        shuffled.sort_by_key(|(at, _)| (*at as u64 + 1).wrapping_mul(order | 1).rotate_left(17));
        let cast = |votes: &mut dyn Iterator<Item = (u32, u16)>| {
            let mut pool = single(6, Rule::SimpleMajority, &[]);
            for (voter, option) in votes {
                let _ = pool.cast(&ballot(voter, Choice::Option(option)), 15);
            }
            pool
        };
        let (one, other) = (cast(&mut votes.iter().copied()), cast(&mut shuffled.into_iter().map(|(_, vote)| vote)));
        prop_assert_eq!(one.sums(), other.sums());
        prop_assert_eq!(one.outcome(), other.outcome());
        prop_assert!(one.sums().all <= 6);
        let liars: std::collections::BTreeSet<u32> = votes.iter().flat_map(|(voter, option)| {
            votes.iter().filter(move |(other, different)| other == voter && different != option).map(|_| *voter)
        }).collect();
        prop_assert_eq!(one.equivocations().map(|proof| proof.first.voter).collect::<std::collections::BTreeSet<_>>(), liars);
        prop_assert!(one.equivocations().all(Equivocation::is_proof));
    }
}
