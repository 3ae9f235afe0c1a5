//! What a message is, and the two macros that declare one and a set of them.

use std::fmt;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// One thing that is said in the house, or to it, or by it.
pub trait Message:
    Serialize + DeserializeOwned + JsonSchema + Clone + fmt::Debug + PartialEq + Send + Sync + 'static
{
    /// Its name, with the speaker first and the version last: `credit.approved.v1`.
    const SUBJECT: &'static str;

    /// To whom it is said.
    const KIND: Kind;

    /// What may be answered to it. Only commands and questions have answers.
    const ANSWERS: &'static [Contract] = &[];

    /// Where it meets the outside. Only public messages and reports do.
    const DOOR: Option<Door> = None;

    /// What the outside sends or reads as its body, if that is not the message itself.
    const BODY: Option<SchemaOf> = None;

    /// What it is about, usually an order. It is heard in the partition of this key.
    fn key(&self) -> Key;

    /// When it is to be heard. Only a timer has such a time.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// The public subject under which it is published, if it is.
    fn address(&self) -> Option<String> {
        None
    }
}

/// Writes the JSON Schema (draft 2020-12) of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// To whom a message is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To every service: it goes into the page.
    Event,
    /// To every service and to the outside: it goes into the page and onto a public stream.
    Public,
    /// To one service, by someone who waits for the answer.
    Command,
    /// To whoever gave the command, and to nobody else.
    Reply,
    /// To the service itself, when the time has come.
    Timer,
    /// To one service, by somebody outside, over a public stream.
    Report,
    /// To one service, by someone who waits for the answer and changes nothing.
    Question,
}

/// What a message is about: all that is about one thing is decided in one partition, in order.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Key(pub String);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A message that someone waits to see answered.
pub trait Command: Message {
    /// What a client may get to read of the answer.
    type Answer: MessageSet;
}

/// A message that asks and changes nothing.
pub trait Question: Message {
    /// What it is answered with.
    type Answer: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
}

/// A public subject and the stream that keeps what is said there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// The stream's name.
    pub stream: &'static str,
    /// The subject, its variable tokens in braces: `orders.submit.{channel}.{external_id}`.
    pub pattern: &'static str,
    /// The tokens by which the broker picks the partition, for what comes in.
    pub keyed_by: &'static [&'static str],
}

impl Door {
    /// The subject with a `*` for each variable token: `orders.submit.*.*`.
    pub fn filter(&self) -> String {
        let token = |it: &'static str| if it.starts_with('{') { "*" } else { it };
        self.pattern.split('.').map(token).collect::<Vec<_>>().join(".")
    }

    /// The names of the variable tokens, in order.
    pub fn tokens(&self) -> impl Iterator<Item = &'static str> {
        self.pattern.split('.').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// What there is to know of a message without reading it.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    pub subject: &'static str,
    pub kind: Kind,
    pub answers: &'static [Contract],
    pub door: Option<Door>,
    pub schema: SchemaOf,
    /// What the outside sends as its body, if that is not the message itself.
    pub body: Option<SchemaOf>,
    /// Whether a body is such a message.
    pub reads: fn(&RawValue) -> Result<(), Undecodable>,
}

impl PartialEq for Contract {
    fn eq(&self, other: &Self) -> bool {
        self.subject == other.subject
    }
}

impl Contract {
    pub const fn of<M: Message>() -> Self {
        Self {
            subject: M::SUBJECT,
            kind: M::KIND,
            answers: M::ANSWERS,
            door: M::DOOR,
            schema: schema_of::<M>,
            body: M::BODY,
            reads: |body| decode::<M>(body).map(drop),
        }
    }

    /// The service whose message this is: the first word of its subject.
    pub fn owner(&self) -> &'static str {
        self.subject.split('.').next().unwrap_or_default()
    }
}

/// The schema of a type, as a reference where it has a name.
pub fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A closed set of messages: all that a service hears, or all that it says.
pub trait MessageSet: Clone + fmt::Debug + PartialEq + Send + Sync + Sized + 'static {
    const CONTRACTS: &'static [Contract];
    fn decode(subject: &str, body: &RawValue) -> Result<Self, Undecodable>;
    fn encode(&self) -> Box<RawValue>;
    fn contract(&self) -> Contract;
    fn key(&self) -> Key;
    fn due(&self) -> Option<Timestamp>;
    fn address(&self) -> Option<String>;
}

/// The empty set: for a service that says nothing, and a command that is answered with "done".
#[derive(Debug, Clone, PartialEq)]
pub enum Silence {}

impl MessageSet for Silence {
    const CONTRACTS: &'static [Contract] = &[];

    fn decode(subject: &str, _: &RawValue) -> Result<Self, Undecodable> {
        Err(Undecodable::UnknownSubject(subject.to_owned()))
    }

    fn encode(&self) -> Box<RawValue> {
        match *self {}
    }

    fn contract(&self) -> Contract {
        match *self {}
    }

    fn key(&self) -> Key {
        match *self {}
    }

    fn due(&self) -> Option<Timestamp> {
        match *self {}
    }

    fn address(&self) -> Option<String> {
        match *self {}
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    #[error("nobody here listens to {0}")]
    UnknownSubject(String),
    #[error("the body of {subject} does not parse: {source}")]
    BadBody { subject: &'static str, source: serde_json::Error },
}

/// Reads the body of a message.
pub fn decode<M: Message>(body: &RawValue) -> Result<M, Undecodable> {
    serde_json::from_str(body.get())
        .map_err(|source| Undecodable::BadBody { subject: M::SUBJECT, source })
}

/// Writes the body of a message.
#[expect(clippy::expect_used, reason = "plain structs of strings and numbers always serialise")]
pub fn encode<M: Message>(message: &M) -> Box<RawValue> {
    to_raw_value(message).expect("a message is a plain struct")
}

/// Writes the answer to a question.
#[expect(clippy::expect_used, reason = "plain structs of strings and numbers always serialise")]
pub fn answer<Q: Question>(answer: &Q::Answer) -> Box<RawValue> {
    to_raw_value(answer).expect("an answer is a plain struct")
}

/// Gives a message its subject, its key and its kind. The key is one field, or several whose texts
/// are joined. What follows the key tells the kind: nothing for an event, `answered by …` for a
/// command, `in reply` for a reply, `due at …` for a timer, `asked for …` for a question,
/// `published to …` for what the outside reads, `reported on … carrying …` for what the outside says. A public
/// subject is written as its tokens: `"stock" / "level" / sku`, where a name is a field.
#[macro_export]
macro_rules! message {
    ($message:ty, $subject:literal, keyed by $($key:ident)/+) => {
        $crate::message!(@ $message, $subject, ($($key)/+), Event);
    };
    ($message:ty, $subject:literal, keyed by $($key:ident)/+, answered by $answer:ty) => {
        $crate::message!(@ $message, $subject, ($($key)/+), Command,
            const ANSWERS: &'static [$crate::Contract] =
                <$answer as $crate::MessageSet>::CONTRACTS;
        );
        impl $crate::Command for $message {
            type Answer = $answer;
        }
    };
    ($message:ty, $subject:literal, keyed by $($key:ident)/+, in reply) => {
        $crate::message!(@ $message, $subject, ($($key)/+), Reply);
    };
    ($message:ty, $subject:literal, keyed by $($key:ident)/+, due at $due:ident) => {
        $crate::message!(@ $message, $subject, ($($key)/+), Timer,
            fn due(&self) -> Option<$crate::Timestamp> {
                Some(self.$due)
            }
        );
    };
    ($message:ty, $subject:literal, keyed by $($key:ident)/+, asked for $answer:ty) => {
        $crate::message!(@ $message, $subject, ($($key)/+), Question);
        impl $crate::Question for $message {
            type Answer = $answer;
        }
    };
    ($message:ty, $subject:literal, keyed by $($key:ident)/+,
     published to $first:literal / $($token:tt)/+ on $stream:literal) => {
        $crate::message!(@ $message, $subject, ($($key)/+), Public,
            const DOOR: Option<$crate::Door> = Some($crate::Door {
                stream: $stream,
                pattern: concat!($first $(, ".", $crate::token_pattern!($token))+),
                keyed_by: &[$(stringify!($key)),+],
            });
            fn address(&self) -> Option<String> {
                let mut subject = String::from($first);
                $(subject.push('.'); $crate::token_text!(self, subject, $token);)+
                Some(subject)
            }
        );
    };
    ($message:ty, $subject:literal, keyed by $($key:ident)/+,
     reported on $first:literal / $($token:tt)/+ to $stream:literal, carrying $body:ty) => {
        $crate::message!(@ $message, $subject, ($($key)/+), Report,
            const DOOR: Option<$crate::Door> = Some($crate::Door {
                stream: $stream,
                pattern: concat!($first $(, ".", $crate::token_pattern!($token))+),
                keyed_by: &[$(stringify!($key)),+],
            });
            const BODY: Option<$crate::SchemaOf> = Some($crate::schema_of::<$body>);
        );
    };
    (@ $message:ty, $subject:literal, ($($key:ident)/+), $kind:ident $(, $($more:tt)+)?) => {
        impl $crate::Message for $message {
            const SUBJECT: &'static str = $subject;
            const KIND: $crate::Kind = $crate::Kind::$kind;
            fn key(&self) -> $crate::Key {
                let mut key = String::new();
                $($crate::token_text!(self, key, $key);)+
                $crate::Key(key)
            }
            $($($more)+)?
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! token_pattern {
    ($token:literal) => {
        $token
    };
    ($token:ident) => {
        concat!("{", stringify!($token), "}")
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! token_text {
    ($this:ident, $text:ident, $token:literal) => {
        $text.push_str($token)
    };
    ($this:ident, $text:ident, $token:ident) => {
        $crate::append(&mut $text, &$this.$token)
    };
}

/// Appends what a value displays.
#[doc(hidden)]
pub fn append(text: &mut String, value: &impl fmt::Display) {
    use fmt::Write;
    write!(text, "{value}").unwrap_or_default(); // Writing to a string does not fail.
}

/// Declares a closed set: an enum with one variant per message, and how to read and write it.
#[macro_export]
macro_rules! message_set {
    ($(#[$doc:meta])* $vis:vis enum $set:ident { $($message:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        $vis enum $set { $($message($message)),+ }
        $crate::message_set!(@ $set { $($message),+ });
    };
    (@ $set:ident { $($message:ident),+ }) => {
        $(impl From<$message> for $set {
            fn from(message: $message) -> Self {
                Self::$message(message)
            }
        })+

        impl $crate::MessageSet for $set {
            const CONTRACTS: &'static [$crate::Contract] =
                &[$($crate::Contract::of::<$message>()),+];

            fn decode(subject: &str, body: &$crate::RawValue) -> Result<Self, $crate::Undecodable> {
                match subject {
                    $(<$message as $crate::Message>::SUBJECT => {
                        $crate::decode::<$message>(body).map(Self::$message)
                    })+
                    _ => Err($crate::Undecodable::UnknownSubject(subject.to_owned())),
                }
            }

            fn encode(&self) -> Box<$crate::RawValue> {
                match self { $(Self::$message(it) => $crate::encode(it)),+ }
            }

            fn contract(&self) -> $crate::Contract {
                match self { $(Self::$message(_) => $crate::Contract::of::<$message>()),+ }
            }

            fn key(&self) -> $crate::Key {
                match self { $(Self::$message(it) => $crate::Message::key(it)),+ }
            }

            fn due(&self) -> Option<$crate::Timestamp> {
                match self { $(Self::$message(it) => $crate::Message::due(it)),+ }
            }

            fn address(&self) -> Option<String> {
                match self { $(Self::$message(it) => $crate::Message::address(it)),+ }
            }
        }
    };
}
