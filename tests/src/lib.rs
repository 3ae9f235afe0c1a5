//! Whole-house tests.
//!
//! A [`Shop`] is the house with everyone who deals with it. A journey takes an order from the
//! storefront to its end, waiting for states and never for a time; when all is quiet, [`Shop::audit`]
//! reads all books and finds out whether they agree.

mod audit;
mod clerk;
mod clock;
mod draft;
mod fetched;
mod intruder;
mod ledgers;
mod outside;
pub mod process;
mod scale;
mod shop;
mod wait;

pub use clerk::Clerk;
pub use draft::{Address, BEIJING, Draft, GUANGZHOU, Item, NANJING, SHANGHAI};
pub use fetched::{fetched, npm, pip, run};
pub use intruder::Intruder;
pub use outside::{Bank, Carrier, Storefront, Warehouse};
pub use scale::scale;
pub use shop::Shop;
pub use wait::{PATIENCE, eventually};
