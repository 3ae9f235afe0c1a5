//! The orders of the demo: a deck of twenty kinds that is shuffled again and again, so that each
//! kind comes as often as it is to, and a different order every time.

use contracts::intake::{ShipTo, Submission, SubmissionLine};
use contracts::{Cents, Currency, CustomerId, Language, OrderKind, Sku, Terms};

use super::Troubles;
use super::catalogue;
use super::people::{EAST, ELSEWHERE, FAMILIES, GIVEN, GOOD, Place, SHANGHAI, WEAK};
use crate::dice::Dice;
use crate::seed::Item;

/// What sort of order it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Card {
    /// A person, who pays ahead.
    Retail,
    /// A person who thinks better of it before paying, or forgets it.
    Unpaid,
    /// A person who has paid, and wants it no more.
    Cancelled,
    /// Fresh food, at once, in the city.
    Fresh,
    /// A firm, on account.
    Firm,
    /// A firm in East China, for more than what the rules call large.
    Large,
    /// Much of one thing, all at once.
    Bulk,
    /// More than one warehouse has.
    Split,
    /// Of what is mostly sold out.
    Scarce,
    /// A firm of which a person should think twice.
    Weak,
}

/// Every twenty orders.
const DECK: [Card; 20] = {
    use Card::{Bulk, Cancelled, Firm, Fresh, Large, Retail, Scarce, Split, Unpaid, Weak};
    [
        Retail, Retail, Retail, Retail, Retail, Retail, Fresh, Fresh, Firm, Firm, Firm, Large,
        Bulk, Split, Scarce, Unpaid, Weak, Cancelled, Retail, Firm,
    ]
};

/// An order that is to be placed: through which channel, and what sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) channel: &'static str,
    pub(super) card: Card,
    seed: u64,
    nth: u64,
    troubles: Troubles,
}

impl Plan {
    /// The order of this number: with the same seed always the same.
    pub(super) fn of(seed: u64, nth: u64, troubles: Troubles) -> Self {
        let (round, place) = (nth / 20, usize::try_from(nth % 20).unwrap_or_default());
        let mut deck = DECK;
        Dice::of(seed, &format!("deck {round}")).shuffle(&mut deck);
        let card = match (deck[place], troubles) {
            (Card::Unpaid | Card::Cancelled | Card::Scarce, Troubles::None) => Card::Retail,
            (Card::Weak, Troubles::None) => Card::Firm,
            (Card::Retail, Troubles::Many) => {
                match Dice::of(seed, &format!("luck {nth}")).between(1, 8) {
                    1 => Card::Unpaid,
                    2 => Card::Scarce,
                    3 => Card::Weak,
                    4 => Card::Cancelled,
                    _ => Card::Retail,
                }
            }
            (card, _) => card,
        };
        let person = Dice::of(seed, &format!("channel {nth}")).pick(&["web", "mini", "market"]);
        let channel = match card {
            Card::Fresh => "mini",
            Card::Retail | Card::Unpaid | Card::Cancelled => person.unwrap_or("web"),
            Card::Firm | Card::Large | Card::Bulk | Card::Split | Card::Scarce | Card::Weak => {
                "wholesale"
            }
        };
        Self { channel, card, seed, nth, troubles }
    }

    /// What the storefront calls the order. It says all that is needed to know the order again.
    pub(super) fn name(&self, run: i64) -> String {
        format!("{}-{}-{}-{run}-{}", self.channel, self.troubles.name(), self.seed, self.nth)
    }

    /// Knows an order again by what its storefront calls it.
    pub(super) fn named(external_id: &str) -> Option<Self> {
        let parts: Vec<&str> = external_id.split('-').collect();
        let [channel, troubles, seed, _, nth] = parts.as_slice() else { return None };
        let troubles = Troubles::named(troubles)?;
        let plan = Self::of(seed.parse().ok()?, nth.parse().ok()?, troubles);
        Some(plan).filter(|it| it.channel == *channel)
    }

    /// The dice for one matter of this order.
    pub(super) fn dice(&self, about: &str) -> Dice {
        Dice::of(self.seed, &format!("{about} {}", self.nth))
    }

    /// What is handed in.
    pub(super) fn order(&self, external_id: &str) -> anyhow::Result<Submission> {
        let mut dice = self.dice("order");
        let on_account = self.channel == "wholesale";
        let firm = if self.card == Card::Weak { dice.pick(&WEAK) } else { dice.pick(&GOOD) };
        let customer = match firm.filter(|_| on_account) {
            Some(firm) => firm.0.to_owned(),
            None => format!("U-{:04}", dice.between(1, 400)),
        };
        let mut order = Submission {
            external_id: Some(external_id.parse()?),
            customer: CustomerId::new(customer)?,
            terms: if on_account { Terms::OnAccount } else { Terms::Prepaid },
            currency: Currency::CNY,
            po_number: on_account.then(|| format!("PO-{external_id}")),
            kind: if self.card == Card::Bulk { OrderKind::Bulk } else { OrderKind::Standard },
            urgent: self.card == Card::Fresh || dice.percent(6),
            language: dice.percent(15).then_some(Language::English),
            remark: String::new(),
            lines: vec![],
            tax: Cents::ZERO,
            freight: Cents(if on_account { 0 } else { 1_200 }),
            discount: Cents::ZERO,
            total: Cents::ZERO,
            ship_to: self.ship_to(&mut dice),
        };
        self.fill(&mut order, &mut dice)?;
        Ok(order)
    }

    /// Puts the lines in, and adds them up.
    fn fill(&self, order: &mut Submission, dice: &mut Dice) -> anyhow::Result<()> {
        let mut goods = match self.card {
            Card::Fresh => catalogue::fresh(),
            Card::Scarce => catalogue::scarce().to_vec(),
            Card::Split => catalogue::thin().to_vec(),
            Card::Retail
            | Card::Unpaid
            | Card::Cancelled
            | Card::Firm
            | Card::Large
            | Card::Bulk
            | Card::Weak => catalogue::everyday(),
        };
        dice.shuffle(&mut goods);
        let (lines, low, high) = match self.card {
            Card::Retail | Card::Unpaid | Card::Cancelled => (dice.between(1, 3), 1, 4),
            Card::Fresh => (dice.between(1, 2), 1, 3),
            Card::Firm => (dice.between(2, 5), 10, 40),
            Card::Large => (dice.between(3, 5), 150, 250),
            Card::Bulk => (1, 300, 600),
            Card::Split => (1, 26, 40),
            Card::Scarce => (1, 5, 9),
            Card::Weak => (dice.between(1, 2), 15, 40),
        };
        let mut net = Cents::ZERO;
        for item in goods.into_iter().take(lines as usize) {
            net += line(order, item, i64::from(dice.between(low, high)))?;
        }
        order.total = net + order.tax + order.freight;
        Ok(())
    }

    fn ship_to(&self, dice: &mut Dice) -> ShipTo {
        let anywhere: Vec<Place> = SHANGHAI.into_iter().chain(EAST).chain(ELSEWHERE).collect();
        let place = if self.card == Card::Fresh {
            dice.pick(&SHANGHAI)
        } else if self.card == Card::Large {
            dice.pick(&EAST)
        } else {
            dice.pick(&anywhere)
        };
        let (province, city, district, street, postcode) = place.unwrap_or(SHANGHAI[0]);
        let family = dice.pick(&FAMILIES).unwrap_or_default();
        let given = dice.pick(&GIVEN).unwrap_or_default();
        ShipTo {
            name: format!("{family}{given}"),
            phone: format!("138 0013 {:04}", dice.between(0, 9_999)),
            email: Some(format!("customer{}@example.com", self.nth)),
            country: "CN".to_owned(),
            province: province.to_owned(),
            city: city.to_owned(),
            district: district.to_owned(),
            street: format!("{street} {} 号", dice.between(1, 180)),
            postcode: postcode.to_owned(),
        }
    }
}

/// Puts a line in; its net amount.
fn line(order: &mut Submission, item: Item, quantity: i64) -> anyhow::Result<Cents> {
    let amount = Cents(item.3).times(quantity);
    order.tax += amount.ratio(item.5, 10_000);
    order.lines.push(SubmissionLine {
        sku: Sku::new(item.0)?,
        quantity,
        unit_price: Cents(item.3),
    });
    Ok(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards(troubles: Troubles) -> Vec<Card> {
        (0..40).map(|nth| Plan::of(3, nth, troubles).card).collect()
    }

    #[test]
    fn an_order_is_the_same_whenever_it_is_looked_at() {
        for nth in 0..40 {
            let plan = Plan::of(3, nth, Troubles::Some);
            let name = plan.name(1_795_000_000);
            assert_eq!(Plan::named(&name), Some(plan), "{name}");
            assert_eq!(plan.order(&name).unwrap(), plan.order(&name).unwrap());
        }
        assert_eq!(Plan::named("W-1001"), None, "somebody else's");
    }

    #[test]
    fn every_kind_comes_in_every_twenty() {
        for card in DECK {
            let comes = |cards: &[Card]| cards.iter().filter(|it| **it == card).count();
            let all = cards(Troubles::Some);
            assert!(comes(&all[..20]) >= 1 && comes(&all[20..]) >= 1, "{card:?}");
        }
    }

    #[test]
    fn without_troubles_nobody_makes_any() {
        let trouble =
            |it: &Card| matches!(it, Card::Unpaid | Card::Cancelled | Card::Scarce | Card::Weak);
        let count = |troubles| cards(troubles).iter().filter(|it| trouble(it)).count();
        assert_eq!((count(Troubles::None), count(Troubles::Some)), (0, 8));
        assert!(count(Troubles::Many) > 12);
    }
}
