mod books;
mod delivery;
mod home;
mod letters;
mod parcels;
mod serving;
mod sink;
mod words;
