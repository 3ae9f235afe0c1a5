//! What holds for every order, every network and every stock.

use contracts::allocation::{Otherwise, SetNode};
use contracts::{Sku, WarehouseId};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::{START, item, node, place, warehouse};
use crate::decision::{Decision, Inputs, Outcome, decide};
use crate::node::{Node, Site};
use crate::order::{Demand, Order};
use crate::plan::Search;
use crate::record::Stored;
use crate::ruleset::{Ruleset, Weights};

const PLACES: [(&str, &str); 5] =
    [("上海", "上海"), ("江苏", "苏州"), ("广东", "广州"), ("四川", "成都"), ("Bayern", "München")];

/// A network, what it has, and an order.
#[derive(Debug, Clone)]
struct World {
    /// Where each warehouse is, its kind, its backlog and what it has of S and T.
    nodes: Vec<(usize, usize, i64, [i64; 2])>,
    to: usize,
    /// Lines of S (0) and T (1).
    lines: Vec<(usize, i64)>,
    urgent: bool,
    large: bool,
    not_from: Option<usize>,
    round: i32,
}

fn world() -> impl Strategy<Value = World> {
    let node = (0..PLACES.len(), 0..3_usize, 0..4000_i64, [0..12_i64, 0..12_i64]);
    let nodes = vec(node, 0..6);
    let lines = vec((0..2_usize, 1..7_i64), 1..4);
    let order = (0..PLACES.len(), lines, any::<bool>(), any::<bool>());
    (nodes, order, proptest::option::of(0..6_usize), 1..5).prop_map(
        |(nodes, (to, lines, urgent, large), not_from, round)| World {
            nodes,
            to,
            lines,
            urgent,
            large,
            not_from,
            round,
        },
    )
}

impl World {
    fn inputs(&self) -> (Inputs, Vec<Node>) {
        let mut more: Vec<String> =
            self.lines.iter().map(|(item, n)| format!("{}*{n}", ["S", "T"][*item])).collect();
        more.push(if self.large { "total=9000000" } else { "total=100" }.to_owned());
        more.extend(self.urgent.then(|| "urgent".to_owned()));
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let (province, city) = PLACES[self.to];
        let order = Order::from(place("a", province, city, &more));
        let wanted: Vec<(u16, i64)> =
            order.lines.iter().map(|it| (it.number, it.quantity)).collect();
        let demands = order.demands(&wanted);
        let stock = demands.iter().map(|it| (it.sku.clone(), self.shelf(it.sku))).collect();
        let nodes = self.network();
        let inputs = Inputs {
            at: START,
            attempt: 1,
            round: self.round,
            ruleset: "cn-default/0".to_owned(),
            wanted,
            not_from: self.not_from.iter().map(|it| warehouse(name(*it))).collect(),
            nodes: nodes.iter().map(Node::state).collect(),
            stock,
            order,
        };
        (inputs, nodes)
    }

    fn network(&self) -> Vec<Node> {
        let one = |(nth, (at, kind, backlog, _)): (usize, &(usize, usize, i64, _))| {
            let (province, city) = PLACES[*at];
            let kind = ["regional", "forward", "plant"][*kind];
            let is: SetNode = node(name(nth), kind, province, city, &[]);
            Node::new(is, 1, *backlog)
        };
        self.nodes.iter().enumerate().map(one).collect()
    }

    fn shelf(&self, sku: &Sku) -> Vec<i64> {
        let nth = usize::from(*sku != item("S"));
        self.nodes.iter().map(|it| it.3[nth]).collect()
    }

    fn decided(&self) -> (Inputs, Decision) {
        let (inputs, nodes) = self.inputs();
        let decision = decide(&inputs, &Ruleset::built_in(), &nodes);
        (inputs, decision)
    }

    /// Without the rules' say, so that costs are all that counts.
    fn search<T>(&self, look: impl FnOnce(&Search<'_>) -> T) -> T {
        let (inputs, nodes) = self.inputs();
        let demands = inputs.order.demands(&inputs.wanted);
        let sites = sites(&inputs, &nodes, &demands);
        look(&Search::new(&sites, &demands, &Weights::default(), 3))
    }
}

fn sites<'n>(inputs: &Inputs, nodes: &'n [Node], demands: &[Demand<'_>]) -> Vec<Site<'n>> {
    let site = |(nth, node): (usize, &'n Node)| Site {
        warehouse: &node.is.warehouse,
        km: 0,
        backlog_h: node.backlog,
        scarcity: 0,
        preference: node.backlog * 3 % 700,
        per_kg: 80 + node.backlog % 90,
        fixed: node.backlog / 10,
        stock: inputs.stock.iter().map(|it| it.1[nth]).collect(),
    };
    assert_eq!(inputs.stock.len(), demands.len());
    nodes.iter().enumerate().map(site).collect()
}

/// The lowest cost of all ways to send every single unit from somewhere, in thousandths of a point
/// an item wanted. An item costs what its freight is, less its share of the preference.
fn brute_force(search: &Search<'_>) -> Option<i128> {
    let units: Vec<usize> = search
        .demands
        .iter()
        .enumerate()
        .flat_map(|(nth, it)| std::iter::repeat_n(nth, usize::try_from(it.quantity).unwrap()))
        .collect();
    let mut left: Vec<Vec<i64>> = search.sites.iter().map(|it| it.stock.clone()).collect();
    let mut sent = vec![0; search.sites.len()];
    try_units(search, &units, &mut left, &mut sent, 0)
}

fn try_units(
    search: &Search<'_>,
    units: &[usize],
    left: &mut [Vec<i64>],
    sent: &mut [i128],
    cost: i128,
) -> Option<i128> {
    let all: i128 = search.demands.iter().map(|it| i128::from(it.quantity)).sum();
    let Some((unit, rest)) = units.split_first() else {
        let used: Vec<usize> = (0..sent.len()).filter(|it| sent[*it] > 0).collect();
        let fixed: i128 = used.iter().map(|it| i128::from(search.sites[*it].fixed)).sum();
        let parcels = i128::try_from(used.len()).unwrap();
        return (parcels <= 3).then_some(cost + (fixed + 800 * (parcels - 1)) * 1000 * all);
    };
    let mut best = None;
    for at in 0..left.len() {
        if left[at][*unit] == 0 {
            continue;
        }
        let site = &search.sites[at];
        let freight = i128::from(search.demands[*unit].weight_g) * i128::from(site.per_kg) * all;
        left[at][*unit] -= 1;
        sent[at] += 1;
        let one = freight - 1000 * i128::from(site.preference);
        let found = try_units(search, rest, left, sent, cost + one);
        left[at][*unit] += 1;
        sent[at] -= 1;
        best = [best, found].into_iter().flatten().min();
    }
    best
}

fn name(nth: usize) -> &'static str {
    ["A", "B", "C", "D", "E", "F"][nth]
}

proptest! {
    /// Whatever the order in which warehouses become known.
    #[test]
    fn decisions_do_not_depend_on_who_was_known_first(world in world(), turn in 0..6_usize) {
        let tell = |turn: usize| {
            let mut books = super::books();
            let mut nodes: Vec<SetNode> = world.network().into_iter().map(|it| it.is).collect();
            let turn = turn % nodes.len().max(1);
            nodes.rotate_left(turn);
            for node in nodes {
                books.decide(START, node.into());
            }
            for nth in 0..2 {
                let figures = world.nodes.iter().enumerate();
                let figures: Vec<String> =
                    figures.map(|(at, it)| format!("{}={}", name(at), it.3[nth])).collect();
                let level = format!("level {} 1 {}", ["S", "T"][nth], figures.join(" "));
                books.decide(START, super::read(&level));
            }
            let (province, city) = PLACES[world.to];
            let lines: Vec<String> =
                world.lines.iter().map(|(item, n)| format!("{}*{n}", ["S", "T"][*item])).collect();
            let line = format!("place a {province} {city} {}", lines.join(" "));
            let said = books.decide(START, super::read(&line));
            (said, books.decisions.pop().map(|it| it.record))
        };
        let versions = |record: &Option<Vec<u8>>| record.as_ref().map(Vec::len);
        let (first, second) = (tell(0), tell(turn));
        prop_assert_eq!(first.0, second.0);
        prop_assert_eq!(versions(&first.1), versions(&second.1));
        prop_assert_eq!(first.1, second.1);
    }

    /// What is promised is all that is wanted, and no more than there was.
    #[test]
    fn a_plan_serves_all_that_is_wanted_out_of_what_there_is(world in world()) {
        let (inputs, decision) = world.decided();
        let Outcome::Planned { plans, otherwise, eligible } = decision.outcome else {
            return Ok(());
        };
        prop_assert!(!eligible.is_empty());
        prop_assert!(!plans.is_empty() || otherwise == Otherwise::Backorder);
        prop_assert!(plans.is_sorted_by_key(|it| it.cost));
        for plan in &plans {
            for (line, wanted) in &inputs.wanted {
                let units = plan.parts.iter().flat_map(|it| &it.units).filter(|it| it.line == *line);
                prop_assert_eq!(units.map(|it| it.quantity).sum::<i64>(), *wanted);
            }
            for part in &plan.parts {
                prop_assert!(eligible.contains(&part.warehouse));
                prop_assert!(!inputs.not_from.contains(&part.warehouse));
                prop_assert!(!part.units.is_empty());
                for (sku, shelf) in &inputs.stock {
                    let nth = inputs.nodes.iter().position(|it| it.0 == part.warehouse).unwrap();
                    let taken = part.units.iter().filter(|it| it.sku == *sku);
                    prop_assert!(taken.map(|it| it.quantity).sum::<i64>() <= shelf[nth]);
                }
            }
        }
    }

    #[test]
    fn the_best_plan_costs_the_least_of_all(mut world in world()) {
        world.nodes.truncate(4);
        world.lines.truncate(2);
        for line in &mut world.lines {
            line.1 = 1 + line.1 % 3;
        }
        for node in &mut world.nodes {
            node.3 = node.3.map(|it| it % 4);
        }
        world.search(|search| {
            let best = search.best().first().map(|it| it.cost);
            prop_assert_eq!(best, brute_force(search));
            Ok(())
        })?;
    }

    /// The second best wins after the change, and not after one that is a point smaller.
    #[test]
    fn the_change_that_is_told_is_the_smallest(world in world()) {
        let (inputs, nodes) = world.inputs();
        let demands = inputs.order.demands(&inputs.wanted);
        let weights = Weights::default();
        let best = |at: usize, by: i64| {
            let mut sites = sites(&inputs, &nodes, &demands);
            if let Some(site) = sites.get_mut(at) {
                site.fixed += by;
            }
            let search = Search::new(&sites, &demands, &weights, 3);
            let best = search.best();
            let change = (best.len() > 1).then(|| search.change(&best[0], &best[1])).flatten();
            (best.into_iter().map(|it| it.sites).collect::<Vec<_>>(), change)
        };
        let (before, change) = best(0, 0);
        if let Some(change) = change {
            let (after, _) = best(change.site, change.points);
            prop_assert_eq!(&after[0], &before[1]);
            let (nearly, _) = best(change.site, change.points - change.points.signum());
            prop_assert_eq!(&nearly[0], &before[0]);
        }
    }

    /// The same for a whole decision, where hours of backlog would do it.
    #[test]
    fn the_hours_that_are_told_are_the_fewest(world in world()) {
        let (inputs, nodes) = world.inputs();
        let chosen = |inputs: &Inputs| {
            let decision = decide(inputs, &Ruleset::built_in(), &nodes);
            let record: Value = serde_json::from_slice(&decision.record).unwrap();
            let warehouses = |plan: &Value| -> Vec<Value> {
                plan[1].as_array().unwrap().iter().map(|it| it[0].clone()).collect()
            };
            let plans = record["findings"]["plans"].as_array().unwrap();
            (plans.iter().map(warehouses).collect::<Vec<_>>(), record)
        };
        let (before, record) = chosen(&inputs);
        let told = &record["findings"]["counterfactual"];
        let Some(hours) = told["backlog_h"].as_i64() else { return Ok(()) };
        let changed = |hours: i64| {
            let mut inputs = inputs.clone();
            let node = inputs.nodes.iter_mut().find(|it| told["node"] == it.0.as_str()).unwrap();
            node.2 += 100 * hours;
            chosen(&inputs).0
        };
        prop_assert_eq!(&changed(hours)[0], &before[1]);
        prop_assert_eq!(&changed(hours - hours.signum())[0], &before[0]);
    }

    /// A decision that was kept comes out the same when it is made again.
    #[test]
    fn the_same_inputs_give_the_same_bytes(world in world()) {
        let (inputs, decision) = world.decided();
        let stored: Stored = serde_json::from_slice(&decision.record).unwrap();
        prop_assert_eq!(&stored.inputs, &inputs);
        let again = decide(&stored.inputs, &Ruleset::built_in(), &world.network());
        prop_assert_eq!(again.record, decision.record);
    }
}

/// Beyond a dozen warehouses not every set is looked at, but a plan is found if there is one.
#[test]
fn many_warehouses_are_searched_too() {
    let order = Order::from(place("a", "上海", "上海", &["S*30", "T*1"]));
    let wanted: Vec<(u16, i64)> = order.lines.iter().map(|it| (it.number, it.quantity)).collect();
    let demands = order.demands(&wanted);
    let names: Vec<WarehouseId> =
        (0..40).map(|it| WarehouseId::new(format!("W{it:02}")).unwrap()).collect();
    let site = |(warehouse, nth): (_, i64)| Site {
        warehouse,
        km: 0,
        backlog_h: 0,
        scarcity: 0,
        preference: 0,
        per_kg: 100,
        fixed: nth,
        stock: vec![if nth < 39 { 6 } else { 0 }, i64::from(nth == 39)],
    };
    let sites: Vec<Site<'_>> = names.iter().zip(0..).map(site).collect();
    let weights = Weights::default();
    assert!(Search::new(&sites, &demands, &weights, 3).best().is_empty());
    let best = Search::new(&sites, &demands, &weights, 6).best();
    assert_eq!(best[0].sites, [0, 1, 2, 3, 4, 39]);
    let plan = Search::new(&sites, &demands, &weights, 6).plan(&best[0]);
    assert_eq!(plan.parts.iter().flat_map(|it| &it.units).map(|it| it.quantity).sum::<i64>(), 31);
}
