//! The macros behind the tables.

/// The name of a member on the wire: as given, or its camel case.
macro_rules! wire_name {
    ($member:ident) => {{
        const SNAKE: &str = stringify!($member);
        const BYTES: [u8; $crate::table::camel_len(SNAKE)] = $crate::table::camel(SNAKE);
        const NAME: &str = match core::str::from_utf8(&BYTES) {
            Ok(name) => name,
            Err(_) => "",
        };
        NAME
    }};
    ($member:ident $name:literal) => {
        $name
    };
}

/// The range in brackets as [`Limits`](crate::table::Limits).
macro_rules! limits {
    (..) => { $crate::table::Limits::NONE };
    (..=$max:literal) => { $crate::table::Limits::NONE.max($max) };
    ($min:literal..) => { $crate::table::Limits::NONE.min($min) };
    ($min:literal..=$max:literal) => { $crate::table::Limits::NONE.min($min).max($max) };
    ($min:literal..; $($item:tt)*) => { limits!($min..).items(limits!($($item)*)) };
    ($min:literal..=$max:literal; $($item:tt)*) => { limits!($min..=$max).items(limits!($($item)*)) };
    (tenths) => { $crate::table::Limits::NONE.tenths() };
    (uri) => { $crate::table::Limits::NONE.uri() };
    (whole) => { $crate::table::Limits::NONE.whole() };
}

/// The notes in brackets behind a member, one after the other, as a [`Rule`](crate::table::Rule).
macro_rules! rule {
    (@add $rule:expr;) => { $rule };
    (@add $rule:expr; [V21] $($more:tt)*) => { rule!(@add $rule.since_21(); $($more)*) };
    (@add $rule:expr; [V21 required] $($more:tt)*) => {
        rule!(@add $rule.since_21().required_since_21(); $($more)*)
    };
    (@add $rule:expr; [V21 $($limits:tt)*] $($more:tt)*) => { rule!(@add $rule.since_21(); [$($limits)*] $($more)*) };
    (@add $rule:expr; [V201 required] $($more:tt)*) => { rule!(@add $rule.required_before_21(); $($more)*) };
    (@add $rule:expr; [V201 $($limits:tt)*] $($more:tt)*) => {
        rule!(@add $rule.before_21(limits!($($limits)*)); $($more)*)
    };
    (@add $rule:expr; [$($limits:tt)*] $($more:tt)*) => { rule!(@add $rule.within(limits!($($limits)*)); $($more)*) };
    ($($notes:tt)*) => { rule!(@add $crate::table::Rule::ANY; $($notes)*) };
}

/// Declares objects: see [`table`](crate::table).
macro_rules! objects {
    ($(
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$rdoc:meta])* $r:ident: $rtype:ty $([$($rrule:tt)*])* $(= $rname:literal)?),* $(,)?
            $(; $($(#[$odoc:meta])* $o:ident: $otype:ty $([$($orule:tt)*])* $(= $oname:literal)?),* $(,)?)?
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$rdoc])* pub $r: $rtype,)*
            $($($(#[$odoc])* pub $o: Option<$otype>,)*)?
        }

        impl $name {
            /// With the required members; the optional ones are absent.
            #[allow(clippy::new_without_default, clippy::too_many_arguments)]
            pub fn new($($r: impl Into<$rtype>),*) -> Self {
                Self { $($r: $r.into(),)* $($($o: None,)*)? }
            }

            const NAMES: &'static [&'static str] =
                &[$(wire_name!($r $($rname)?),)* $($(wire_name!($o $($oname)?),)*)?];
        }

        impl $crate::table::Wire for $name {
            #[allow(unused_variables, unused_mut)]
            fn read(reader: &mut $crate::reader::Reader<'_>) -> Result<Self, $crate::reader::Bad> {
                #[derive(Clone, Copy)]
                #[allow(non_camel_case_types)]
                enum At { $($r,)* $($($o,)*)? }
                const PLACES: &[At] = &[$(At::$r,)* $($(At::$o,)*)?];

                $(let mut $r: Option<$rtype> = None;)*
                $($(let mut $o: Option<$otype> = None;)*)?
                let (mut next, mut first) = (0, true);
                reader.open(b'{')?;
                while let Some(place) = reader.member(Self::NAMES, &mut next, &mut first)? {
                    match PLACES[place] {
                        $(At::$r => $crate::table::read_member(&mut $r, reader)?,)*
                        $($(At::$o => $crate::table::read_member(&mut $o, reader)?,)*)?
                    }
                }
                Ok(Self {
                    $($r: $r.ok_or($crate::reader::Bad)?,)*
                    $($($o,)*)?
                })
            }

            #[allow(unused_mut)]
            fn write(&self, out: &mut alloc::string::String) {
                let mut first = true;
                $($crate::table::write_member(wire_name!($r $($rname)?), &self.$r, &mut first, out);)*
                $($(if let Some(value) = &self.$o {
                    $crate::table::write_member(wire_name!($o $($oname)?), value, &mut first, out);
                })*)?
                $crate::table::write_end(first, out);
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::table::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::table::deserialize(deserializer)
            }
        }

        impl $crate::table::Check for $name {
            #[allow(unused_variables)]
            fn check(
                &self,
                _: &$crate::table::Rule,
                version: $crate::Version,
            ) -> Result<(), $crate::Violation> {
                $({
                    const RULE: $crate::table::Rule = rule!($([$($rrule)*])*);
                    self.$r.check(&RULE, version).map_err(|v| v.under(wire_name!($r $($rname)?)))?;
                })*
                $($({
                    const RULE: $crate::table::Rule = rule!($([$($orule)*])*);
                    if let Some(value) = &self.$o {
                        RULE.check_present(value, version).map_err(|v| v.under(wire_name!($o $($oname)?)))?;
                    } else if RULE.required_in(version) {
                        return Err($crate::table::missing(version).under(wire_name!($o $($oname)?)));
                    }
                })*)?
                Ok(())
            }
        }

        impl $crate::table::Shaped for $name {
            const SHAPE: &'static $crate::table::Shape = &$crate::table::Shape::Object {
                members: &[
                    $($crate::table::Member {
                        name: wire_name!($r $($rname)?),
                        required: true,
                        rule: rule!($([$($rrule)*])*),
                        shape: <$rtype as $crate::table::Shaped>::SHAPE,
                    },)*
                    $($($crate::table::Member {
                        name: wire_name!($o $($oname)?),
                        required: false,
                        rule: rule!($([$($orule)*])*),
                        shape: <$otype as $crate::table::Shaped>::SHAPE,
                    },)*)?
                ],
                open: false,
            };
        }
    )*};
}

/// Objects of 2.x: every one may carry `customData`.
macro_rules! structs {
    ($(
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$rdoc:meta])* $r:ident: $rtype:ty $([$($rrule:tt)*])* $(= $rname:literal)?),* $(,)?
            $(; $($(#[$odoc:meta])* $o:ident: $otype:ty $([$($orule:tt)*])* $(= $oname:literal)?),* $(,)?)?
        }
    )*) => {
        objects! {$(
            $(#[$doc])*
            $name {
                $($(#[$rdoc])* $r: $rtype $([$($rrule)*])* $(= $rname)?,)*
                ;
                $($($(#[$odoc])* $o: $otype $([$($orule)*])* $(= $oname)?,)*)?
                /// Data of a vendor's own.
                custom_data: alloc::boxed::Box<$crate::v2::CustomData>,
            }
        )*}
    };
}

/// Declares enumerations. A word that the table does not know is kept as `Unlisted` and refused by the check.
///
/// `[V21 ..=20]` behind the name: 2.1 allows unlisted words of up to 20 characters.
macro_rules! enums {
    ($(
        $(#[$doc:meta])*
        $name:ident $([V21 ..=$open:literal])? { $($variant:ident $([$edition:ident])? $(= $text:literal)?),* $(,)? }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)]
        pub enum $name {
            $($variant,)*
            /// A word that the table does not know, as a peer sent it.
            Unlisted($crate::Text),
        }

        impl $name {
            /// All words of the table.
            pub const WORDS: &'static [&'static str] = &[$(enums!(@word $variant $($text)?)),*];

            const KNOWN: &'static [$crate::table::Word] = &[$($crate::table::Word {
                text: enums!(@word $variant $($text)?),
                since_21: enums!(@new $($edition)?),
            }),*];

            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => enums!(@word $variant $($text)?),)*
                    Self::Unlisted(word) => word,
                }
            }

            /// The value of a word; `Unlisted` for one that the table does not know.
            pub fn from_word(word: &str) -> Self {
                match word {
                    $(enums!(@word $variant $($text)?) => Self::$variant,)*
                    other => Self::Unlisted($crate::Text::new(other)),
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::table::Wire for $name {
            fn read(reader: &mut $crate::reader::Reader<'_>) -> Result<Self, $crate::reader::Bad> {
                reader.string().map(|word| Self::from_word(&word))
            }

            fn write(&self, out: &mut alloc::string::String) {
                match self {
                    Self::Unlisted(word) => $crate::table::Wire::write(word, out),
                    known => {
                        out.push('"');
                        out.push_str(known.as_str());
                        out.push('"');
                    }
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<$name, E> {
                        Ok($name::from_word(word))
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }

        impl $crate::table::Check for $name {
            #[allow(unused_variables)]
            fn check(
                &self,
                _: &$crate::table::Rule,
                version: $crate::Version,
            ) -> Result<(), $crate::Violation> {
                match self {
                    $($(Self::$variant if version < $crate::Version::$edition => {
                        Err($crate::table::unknown_word(self.as_str(), Self::KNOWN, version))
                    })?)*
                    $(Self::Unlisted(word) if version >= $crate::Version::V21 => {
                        word.check(&$crate::table::Rule::ANY.within(limits!(..=$open)), version)
                    })?
                    Self::Unlisted(word) => Err($crate::table::unknown_word(word, Self::KNOWN, version)),
                    _ => Ok(()),
                }
            }
        }

        impl $crate::table::Shaped for $name {
            const SHAPE: &'static $crate::table::Shape = &$crate::table::Shape::Words {
                words: Self::KNOWN,
                others_since_21: enums!(@open $($open)?),
            };
        }
    )*};
    (@new) => { false };
    (@new V21) => { true };
    (@open) => { None };
    (@open $max:literal) => { Some($max) };
    (@word $variant:ident) => { stringify!($variant) };
    (@word $variant:ident $text:literal) => { $text };
}

/// The facts of an action's row.
macro_rules! action {
    ($request:ident, $response:ty, $shape:expr; $action:ident $sender:ident $block:literal $($edition:ident)?) => {
        impl $crate::table::Payload for $request {}
        impl $crate::table::Request for $request {
            const ACTION: $crate::table::ActionInfo = $crate::table::ActionInfo {
                name: stringify!($action),
                sender: $crate::table::Sender::$sender,
                block: $block,
                since_21: enums!(@new $($edition)?),
                request: <$request as $crate::table::Shaped>::SHAPE,
                response: $shape,
            };
            type Response = $response;
        }
    };
}

/// Declares actions: the row of facts, then the request's members and the response's.
///
/// `V21` behind the block: exists since 2.1.
macro_rules! messages {
    ($flavor:ident: $(
        $(#[$doc:meta])*
        $action:ident ($sender:ident, $block:literal $(, $edition:ident)?)
        $request:ident { $($rtokens:tt)* }
        $response:ident { $($stokens:tt)* }
    )*) => {
        $(
            $flavor! {
                $(#[$doc])*
                $request { $($rtokens)* }
            }
            response! {
                $flavor
                #[doc = concat!("Answers [`", stringify!($request), "`].")]
                $response { $($stokens)* }
            }
            action! {
                $request, $response, Some(<$response as $crate::table::Shaped>::SHAPE);
                $action $sender $block $($edition)?
            }
            impl $crate::table::Payload for $response {}
        )*
        listed! { $($request)* }
    };
}

/// A response: `{ => Status }` if it has a verdict alone, in 2.x with its reason; its members otherwise.
macro_rules! response {
    (structs $(#[$doc:meta])* $name:ident { => $status:ident }) => {
        structs! {
            $(#[$doc])*
            $name {
                /// The verdict.
                status: $status;
                /// Why.
                status_info: $crate::v2::StatusInfo,
            }
        }
    };
    (objects $(#[$doc:meta])* $name:ident { => $status:ident }) => {
        objects! {
            $(#[$doc])*
            $name {
                /// The verdict.
                status: $status,
            }
        }
    };
    ($flavor:ident $(#[$doc:meta])* $name:ident { $($members:tt)* }) => {
        $flavor! {
            $(#[$doc])*
            $name { $($members)* }
        }
    };
}

/// Declares actions that go out as SEND: nobody answers them.
macro_rules! sends {
    ($flavor:ident: $(
        $(#[$doc:meta])*
        $action:ident ($sender:ident, $block:literal, V21)
        $request:ident { $($rtokens:tt)* }
    )*) => {
        $(
            $flavor! {
                $(#[$doc])*
                $request { $($rtokens)* }
            }
            action! { $request, $crate::table::Unconfirmed, None; $action $sender $block V21 }
        )*
        listed! { $($request)* }
    };
}

/// The lists of a block's actions, as facts and as types.
macro_rules! listed {
    ($($request:ident)*) => {
        /// The actions of this functional block.
        pub(super) const ACTIONS: &[$crate::table::ActionInfo] =
            &[$(<$request as $crate::table::Request>::ACTION),*];

        /// Shows the actions of this functional block to a visitor.
        pub(super) fn visit(visitor: &mut impl $crate::table::Visitor) {
            $(visitor.action::<$request>();)*
        }
    };
}

/// A family's actions, block by block.
macro_rules! blocks {
    ($($block:ident)*) => {
        /// The actions of every functional block.
        pub const ACTIONS: &[&[crate::ActionInfo]] = &[$($block::ACTIONS),*];

        /// Shows every action to a visitor.
        pub fn visit(visitor: &mut impl crate::table::Visitor) {
            $($block::visit(visitor);)*
        }
    };
}
