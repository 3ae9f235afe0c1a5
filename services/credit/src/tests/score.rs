use contracts::credit::{Exposure, RiskClass, Verdict};
use contracts::{Cents, Terms};
use proptest::prelude::*;

use crate::item::Figures;
use crate::score::{self, Case, Stop};

#[test]
fn few_invoices_make_neither_a_saint_nor_a_sinner() {
    let rate = |due, paid| {
        let (due, paid, year) = (Cents(due), Cents(paid), Cents(1_200_000));
        score::repayment_rate(&Figures { due, paid, year, ..Figures::default() })
    };
    assert_eq!(rate(0, 0), 8_000);
    assert_eq!(rate(100_000, 90_000), 8_500);
    assert_eq!(rate(300_000, 50_000), 3_250);
    assert_eq!(rate(300_000, 280_000), 9_000);
    assert_eq!(score::repayment_rate(&Figures::default()), 8_000); // Nobody we know.
    let (due, paid, year) = (Cents(1), Cents(0), Cents(1)); // A month's worth is not whole.
    let rate = score::repayment_rate(&Figures { due, paid, year, ..Figures::default() });
    assert_eq!(rate, 615); // 0.8 / 13
}

#[test]
fn the_score_weighs_the_past_and_the_present() {
    let score = |rate, debt, limit| score::score(rate, Cents(debt), Cents(limit));
    assert_eq!(score(9_500, 200_000, 1_000_000), 8_900);
    assert_eq!(score(7_000, 800_000, 1_000_000), 5_000);
    assert_eq!(score(4_000, 1_100_000, 1_000_000), 2_400);
    assert_eq!(score(8_000, 0, 1), 8_800); // A stranger: so the score never replaces the limit.
    assert_eq!(score(8_000, 0, 0), 4_800);
    assert_eq!(score(9_999, i64::MAX, i64::MAX), 5_999); // 5999.4
    assert_eq!(score(0, 10, 80_000), 4_000); // 3999.5 is half way, and goes to the even side.
    assert_eq!(score(0, 30, 80_000), 3_998); // 3998.5
}

#[test]
fn a_class_begins_at_its_score() {
    use RiskClass::{A, B, C, D};
    let classes = [10_000, 8_000, 7_999, 6_000, 5_999, 4_000, 3_999, 0].map(score::class);
    assert_eq!(classes, [A, A, B, B, C, C, D, D]);
}

#[test]
fn the_table_of_classes() {
    use RiskClass::{A, B, C, D};
    let limit = Cents(1_000);
    let of = |class, after| score::table(class, Cents(after), limit);
    let review = |tier| Verdict::Review { tier };
    for (class, after, verdict, rule) in [
        (A, 1_000, Verdict::Approve, "A.within"),
        (A, 1_001, review(1), "A.slightly_over"),
        (A, 1_100, review(1), "A.slightly_over"),
        (A, 1_101, review(2), "A.beyond"),
        (A, 1_200, review(2), "A.beyond"),
        (A, 1_201, review(3), "A.beyond"),
        (B, 900, Verdict::Approve, "B.within_90"),
        (B, 901, review(1), "B.above_90"),
        (B, 1_000, review(1), "B.above_90"),
        (B, 1_001, review(2), "B.slightly_over"),
        (B, 1_101, Verdict::Prepay, "B.beyond"),
        (C, 0, review(1), "C.within"),
        (C, 1_000, review(1), "C.within"),
        (C, 1_100, Verdict::Prepay, "C.slightly_over"),
        (C, 1_101, Verdict::Refuse, "C.beyond"),
        (D, 1_000, Verdict::Prepay, "D.within"),
        (D, 1_100, Verdict::Refuse, "D.slightly_over"),
        (D, 1_101, Verdict::Refuse, "D.beyond"),
    ] {
        assert_eq!(of(class, after), (verdict, rule), "{class:?} with {after}");
    }
    let none = |class| score::table(class, Cents(1), Cents(0));
    assert_eq!(none(B), (Verdict::Prepay, "no_limit"));
    assert_eq!(none(D), (Verdict::Refuse, "no_limit"));
}

#[test]
fn who_may_let_somebody_go_how_far() {
    let tier = |over, limit| score::tier(Cents(over), Cents(limit));
    assert_eq!([tier(50, 1_000), tier(51, 1_000)], [1, 2]); // 5 %
    assert_eq!([tier(200, 1_000), tier(201, 1_000)], [2, 3]); // 20 %
    let much = 1_000_000_000_000;
    assert_eq!([tier(5_000_000, much), tier(5_000_001, much)], [1, 2]); // 50,000.00
    assert_eq!([tier(50_000_000, much), tier(50_000_001, much)], [2, 3]); // 500,000.00
}

#[test]
fn the_decision_tells_what_would_have_helped() {
    let decision = score::judge(&Case {
        terms: Terms::OnAccount,
        total: Cents(10_000_000),
        limit: Cents(100_000_000),
        exposure: Exposure { billed_open: Cents(70_000_000), ..Exposure::default() },
        figures: Figures::default(),
        stop: None,
    });
    assert_eq!((decision.class, decision.verdict), (RiskClass::C, Verdict::Review { tier: 1 }));
    // 48 points for the rate, so 12 more are needed: 70 % of the limit, and half a 1/100 point.
    let counterfactual = decision.counterfactual.unwrap();
    assert_eq!(counterfactual.pay, Cents(9_987_500));
    assert_eq!(counterfactual.at_most, Cents(12_500));
}

prop_compose! {
    fn a_case()(
        total in 1..2_000_i64,
        limit in 0..2_000_i64,
        stages in [0..400_i64, 0..400, 0..400, 0..400, 0..600],
        due in 0..5_000_i64,
        part in 0..=100_i64,
        more in 0..5_000_i64,
        overdue in prop_oneof![3 => Just(0_i64), 1 => 1..500_i64],
        brought in 0..=100_i64,
        prepaid in prop::bool::weighted(0.1),
    ) -> Case {
        let [pending, authorised, delivered_unbilled, billed_open, prepaid_before] =
            stages.map(Cents);
        Case {
            terms: if prepaid { Terms::Prepaid } else { Terms::OnAccount },
            total: Cents(total),
            limit: Cents(limit),
            exposure: Exposure {
                pending, authorised, delivered_unbilled, billed_open, prepaid: prepaid_before,
            },
            figures: Figures {
                due: Cents(due),
                paid: Cents(due * part / 100),
                year: Cents(due + more),
                overdue: Cents(overdue),
                brought: Cents(overdue * brought / 100),
            },
            stop: (overdue > 0).then_some(Stop::Overdue { elsewhere: false }),
        }
    }
}

/// Does the order pass if so much is paid first? What was brought along is paid first of all, then
/// what is overdue; what is more than the debt is kept.
fn passes_with(case: &Case, paid: Cents, total: Cents) -> bool {
    let mut case = Case { total, ..*case };
    let brought = paid.min(case.figures.brought);
    let settled = (paid - brought).min(case.exposure.billed_open);
    case.exposure.billed_open -= settled;
    case.exposure.prepaid += paid - brought - settled;
    case.figures.overdue = Cents((case.figures.overdue - paid).0.max(0));
    case.figures.brought -= brought;
    if case.figures.overdue == Cents(0) {
        case.stop = None;
    }
    score::judge(&case).verdict == Verdict::Approve
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What is said would help helps, and a minor unit less would not.
    #[test]
    fn a_counterfactual_is_exact(case in a_case()) {
        let decision = score::judge(&case);
        let Some(help) = decision.counterfactual else {
            let all = decision.exposure_after + case.figures.overdue;
            prop_assert!(decision.verdict == Verdict::Approve || !passes_with(&case, all, case.total));
            return Ok(());
        };
        prop_assert!(help.pay > Cents(0));
        prop_assert!(passes_with(&case, help.pay, case.total));
        prop_assert!(!passes_with(&case, help.pay - Cents(1), case.total));
        prop_assert!(help.at_most < case.total || case.stop.is_some());
        if help.at_most > Cents(0) {
            prop_assert!(passes_with(&case, Cents(0), help.at_most));
        }
        prop_assert!(!passes_with(&case, Cents(0), help.at_most + Cents(1)));
    }

    /// More debt never helps.
    #[test]
    fn whoever_owes_more_is_not_judged_better(case in a_case(), more in 1..500_i64) {
        let judged = score::judge(&case);
        let mut worse = case;
        worse.exposure.billed_open += Cents(more);
        let then = score::judge(&worse);
        prop_assert!(then.score <= judged.score);
        prop_assert!(then.verdict != Verdict::Approve || judged.verdict == Verdict::Approve);
    }

    /// Nobody is let through over the limit without somebody who looked.
    #[test]
    fn an_approval_is_within_the_limit(case in a_case()) {
        let decision = score::judge(&case);
        if decision.verdict == Verdict::Approve && case.terms == Terms::OnAccount {
            prop_assert!(decision.exposure_after <= case.limit);
        }
    }
}
