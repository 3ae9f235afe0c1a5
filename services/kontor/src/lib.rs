#![doc = include_str!("../README.md")]

pub mod bench;
pub mod cli;
pub mod clients;
pub mod configuration;
pub mod crew;
pub mod demo;
pub mod documents;
pub mod house;
pub mod permissions;
pub mod powercut;
pub mod provision;
pub mod seed;
mod timekeeper;
pub mod up;
pub mod whereabouts;

pub use configuration::Configuration;
pub use gateway::fingerprint;
pub use house::house;
pub use up::{Options, Suite};
