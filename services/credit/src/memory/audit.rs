//! What holds in credit's tables at any time, added up anew from the entries.

use std::collections::{BTreeMap, BTreeSet};

use contracts::credit::{Exposure, Verdict};
use contracts::{Cents, Currency, CustomerId, OrderId};

use super::{DecisionRow, Tables, is_whole};
use crate::commitment::{Commitment, Entry, Kind, State, plus};
use crate::item::{Figures, Window};

type Account = (CustomerId, Currency);

/// Everything that does not hold, in a sentence each; nothing, if all is well.
pub fn audit(tables: &Tables) -> Vec<String> {
    let all: BTreeSet<OrderId> = tables.commitments.keys().copied().collect();
    let mut faults = audit_of(tables, &all);
    let lost = tables.entries.keys().chain(tables.decisions.keys());
    let lost = lost.filter(|it| !tables.commitments.contains_key(it));
    faults.extend(
        lost.map(|it| format!("order {it} has moves, or was decided about, and is nowhere")),
    );
    faults.extend(books(tables));
    faults.extend(figures(tables));
    faults.extend(replay(tables));
    faults
}

/// What does not hold of these orders, as [`Tables::touched`] names them, and of their customers.
pub fn audit_of(tables: &Tables, orders: &BTreeSet<OrderId>) -> Vec<String> {
    let (mut faults, mut accounts) = (vec![], BTreeSet::<Account>::new());
    for id in orders {
        let (Some(it), Some(decision)) = (tables.commitments.get(id), tables.decisions.get(id))
        else {
            faults.push(format!("order {id} is nowhere, or was never decided about"));
            continue;
        };
        faults.extend(order(*id, it, decision, &entries(tables, *id)));
        accounts.insert((it.customer.clone(), it.currency));
    }
    for account in &accounts {
        let sum = commitments(tables, account)
            .fold(Exposure::default(), |sum, (_, it)| plus(sum, &it.stages));
        let stands = tables.exposure(&account.0, account.1);
        if sum != stands {
            faults.push(format!("{} stands at {stands:?}, and their orders at {sum:?}", account.0));
        }
        faults.extend(within_limit(tables, account));
    }
    faults
}

/// The order's entries add up, one after the other, to what it stands at, and fit what was decided.
fn order(id: OrderId, it: &Commitment, row: &DecisionRow, entries: &[&Entry]) -> Vec<String> {
    let (mut faults, mut sum) = (vec![], Exposure::default());
    for entry in entries {
        sum = plus(sum, &entry.change);
        if !is_whole(&sum) {
            faults.push(format!("order {id} stood at {sum:?} after its {}", entry.kind.name()));
        }
    }
    if sum != it.stages {
        faults.push(format!("order {id} stands at {:?}, and its entries at {sum:?}", it.stages));
    }
    let approved = row.body.verdict == Verdict::Approve;
    let first = if approved { Kind::Authorise } else { Kind::Hold };
    let asked = |it: &Exposure| if approved { it.authorised } else { it.pending };
    let begins = entries.first().map(|it| (it.kind, asked(&it.change)));
    if it.amount > Cents::ZERO && begins != Some((first, it.amount)) {
        faults.push(format!("order {id} asks for {}, and begins with {begins:?}", it.amount));
    }
    let overridden = |it: &&&Entry| it.kind == Kind::Authorise && it.remark.is_some();
    let authorised = entries.iter().any(|it| it.kind == Kind::Authorise);
    if !approved && authorised && !entries.iter().any(|it| overridden(&it)) {
        faults.push(format!("order {id} was held, and authorised without anybody's word"));
    }
    let held = matches!(it.state, State::Held { .. });
    let waits = if held { it.amount } else { Cents::ZERO };
    if it.stages.pending != waits {
        let (state, pending) = (it.state.name(), it.stages.pending);
        faults.push(format!("order {id} is {state}, and {pending} of it pending"));
    }
    if it.state != State::Approved && it.stages.authorised != Cents::ZERO {
        let (state, authorised) = (it.state.name(), it.stages.authorised);
        faults.push(format!("order {id} is {state}, and {authorised} of it authorised"));
    }
    faults.extend(decision(id, it.amount, row));
    faults
}

/// Whatever was approved by rule was within the limit of its time.
fn decision(id: OrderId, amount: Cents, row: &DecisionRow) -> Vec<String> {
    let body = &row.body;
    let mut faults = vec![];
    let after = Cents((owed(&body.exposure) + amount).0.max(0));
    if body.exposure_after != after {
        faults.push(format!("order {id} made it {after}, and {} was said", body.exposure_after));
    }
    if body.verdict == Verdict::Approve && amount > Cents::ZERO && after > body.limit {
        faults.push(format!("order {id} was approved at {after}, of {}", body.limit));
    }
    faults
}

/// What is authorised by rule, all of a customer's orders together, is within the limit; what a
/// person let through is recorded, and not counted here.
fn within_limit(tables: &Tables, account: &Account) -> Vec<String> {
    let by_rule = commitments(tables, account).filter_map(|(id, it)| {
        let row = tables.decisions.get(&id)?;
        let counts = it.state == State::Approved
            && it.amount > Cents::ZERO
            && row.body.verdict == Verdict::Approve;
        let nth = tables.entries.get(&id)?.first()?.0;
        counts.then_some((nth, row, it.stages.authorised + it.stages.delivered_unbilled))
    });
    let by_rule: Vec<_> = by_rule.collect();
    let Some((_, last, _)) = by_rule.iter().max_by_key(|it| it.0) else { return vec![] };
    let mut faults = vec![];
    let authorised: Cents = by_rule.iter().map(|it| it.2).sum();
    // Nothing that was approved grows, and the last one was held against all before it.
    let most = last.body.limit + last.body.exposure.prepaid;
    if authorised > most {
        faults.push(format!("{} was let through for {authorised} by rule, of {most}", account.0));
    }
    let agreed = tables.accounts.get(&account.0).filter(|it| it.changed_at < last.at);
    let agreed = agreed.and_then(|it| it.account.agreement).filter(|it| it.currency == account.1);
    if let Some(it) = agreed.filter(|it| it.limit != last.body.limit) {
        let (limit, told) = (it.limit, last.body.limit);
        faults.push(format!("{} was judged by a limit of {told}, and has {limit}", account.0));
    }
    faults
}

/// How each customer stands is the sum of all entries, whoever wrote them.
fn books(tables: &Tables) -> Vec<String> {
    let mut sums = BTreeMap::<Account, Exposure>::new();
    for (id, it) in &tables.commitments {
        let sum = sums.entry((it.customer.clone(), it.currency)).or_default();
        *sum = entries(tables, *id).iter().fold(*sum, |sum, it| plus(sum, &it.change));
    }
    let customers = tables.books.iter();
    let kept = customers.flat_map(|(whose, it)| it.keys().map(|it| (whose.clone(), *it)));
    let all: BTreeSet<Account> = kept.chain(sums.keys().cloned()).collect();
    let wrong = all.into_iter().filter_map(|it| {
        let (stands, sum) =
            (tables.exposure(&it.0, it.1), sums.get(&it).copied().unwrap_or_default());
        (stands != sum).then(|| {
            format!("{} in {} stands at {stands:?}, and all entries at {sum:?}", it.0, it.1)
        })
    });
    wrong.collect()
}

/// What a book tells of how its customer pays is what the items tell.
fn figures(tables: &Tables) -> Vec<String> {
    let mut faults = vec![];
    for (customer, books) in &tables.books {
        for (currency, row) in books {
            let items = tables
                .items
                .values()
                .filter(|it| it.customer == *customer && it.currency == *currency);
            let (mut sum, window) = (Figures::default(), Window::of(row.figured_on));
            items.for_each(|it| sum.change(Figures::default(), it.figures(&window)));
            if sum != row.book.figures {
                let told = row.book.figures;
                faults.push(format!(
                    "{customer} in {currency} paid {told:?}, and their items {sum:?}"
                ));
            }
        }
    }
    faults
}

/// Every order was judged by how its customer stood in that moment.
fn replay(tables: &Tables) -> Vec<String> {
    let mut all: Vec<&(u64, Entry)> = tables.entries.values().flatten().collect();
    all.sort_by_key(|it| it.0);
    let (mut faults, mut stands, mut seen) =
        (vec![], BTreeMap::<Account, Exposure>::new(), BTreeSet::new());
    for (_, entry) in all {
        let Some(it) = tables.commitments.get(&entry.order) else { continue };
        let sum = stands.entry((it.customer.clone(), it.currency)).or_default();
        let judged = tables.decisions.get(&entry.order).map(|it| it.body.exposure);
        // An order that asks for nothing has moves of its own later, if at all.
        if seen.insert(entry.order) && it.amount > Cents::ZERO && judged != Some(*sum) {
            let (id, sum) = (entry.order, *sum);
            faults.push(format!("order {id} was judged by {judged:?}, and it was {sum:?}"));
        }
        *sum = plus(*sum, &entry.change);
    }
    faults
}

fn owed(it: &Exposure) -> Cents {
    it.authorised + it.delivered_unbilled + it.billed_open - it.prepaid
}

fn entries(tables: &Tables, order: OrderId) -> Vec<&Entry> {
    tables.entries.get(&order).into_iter().flatten().map(|it| &it.1).collect()
}

fn commitments<'a>(
    tables: &'a Tables,
    account: &Account,
) -> impl Iterator<Item = (OrderId, &'a Commitment)> {
    let orders = tables.orders_of.get(account).into_iter().flatten();
    orders.filter_map(|it| Some((*it, tables.commitments.get(it)?)))
}
