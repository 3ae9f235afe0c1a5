#![doc = include_str!("../README.md")]

pub mod bench;
pub mod chaos;
pub mod cli;
pub mod clients;
pub mod configuration;
pub mod crew;
pub mod demo;
mod dice;
pub mod documents;
pub mod house;
pub mod ledgers;
mod load;
pub mod permissions;
pub mod powercut;
pub mod process;
pub mod provision;
pub mod seed;
pub mod sim;
mod timekeeper;
pub mod up;
pub mod whereabouts;

pub use configuration::Configuration;
pub use gateway::fingerprint;
pub use house::house;
pub use up::{Options, Suite};
