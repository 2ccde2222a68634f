//! Open enums and unions.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::super::model::{Body, EnumValue, Model, Type, Variant};
use super::super::names::snake;
use super::super::schema::{inside, reachable};
use super::{direct_type, doc, ident};

/// An enum of the values known today, and of any other text.
pub(super) fn open(name: &Ident, docs: &TokenStream, values: &[EnumValue]) -> TokenStream {
    let variants: Vec<Ident> = values.iter().map(|value| ident(&value.rust)).collect();
    let texts: Vec<&str> = values.iter().map(|value| value.json.as_str()).collect();
    let lines = values.iter().map(|value| doc(&value.description, 4));
    quote! {
        #docs
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #(#lines #variants,)*
            /// A value not known when this was written, as it came.
            Other(Text),
        }

        impl #name {
            /// The value as it stands in JSON.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #texts,)*
                    Self::Other(text) => text.as_str(),
                }
            }

            fn known(text: &str) -> Option<Self> {
                Some(match text {
                    #(#texts => Self::#variants,)*
                    _ => return None,
                })
            }
        }

        impl Default for #name {
            fn default() -> Self {
                Self::Other(Text::default())
            }
        }

        impl From<&str> for #name {
            fn from(text: &str) -> Self {
                Self::known(text).unwrap_or_else(|| Self::Other(text.into()))
            }
        }

        impl std::fmt::Display for #name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for #name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Text::deserialize(deserializer)?;
                Ok(Self::known(&text).unwrap_or(Self::Other(text)))
            }
        }

        impl Serialize for #name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    }
}

/// An enum with one variant for each type a document can be of.
pub(super) fn union(
    model: &Model,
    name: &str,
    docs: &TokenStream,
    variants: &[Variant],
) -> TokenStream {
    let owner = ident(name);
    let declared = variants.iter().map(|variant| {
        let rust = ident(&variant.rust);
        let (ty, _) = direct_type(model, name, &variant.ty);
        let docs = doc(&description(model, variant), 4);
        quote! { #docs #rust(#ty) }
    });
    let conversions = variants.iter().filter_map(|variant| {
        let Type::Ref(inner) = &variant.ty else {
            return None;
        };
        let twin = |other: &&Variant| matches!(&other.ty, Type::Ref(name) if name == inner);
        let alias = matches!(model.find(inner)?.body, Body::Alias(_));
        if alias || variants.iter().filter(twin).count() > 1 {
            return None;
        }
        let (inner, rust) = (ident(inner), ident(&variant.rust));
        let (_, boxed) = direct_type(model, name, &variant.ty);
        let value = if boxed {
            quote!(Box::new(value))
        } else {
            quote!(value)
        };
        Some(quote! {
            impl From<#inner> for #owner {
                fn from(value: #inner) -> Self {
                    Self::#rust(#value)
                }
            }
        })
    });
    let first = variants.first().map(|variant| ident(&variant.rust));
    let recursive = reachable(model, &inside(variants)).contains(name);
    let (derived, by_hand) = if recursive {
        (
            quote!(Clone, Debug, Deserialize, PartialEq, Serialize),
            quote!(),
        )
    } else {
        (
            quote!(Clone, Debug, PartialEq, Serialize),
            tries(name, variants),
        )
    };
    quote! {
        #docs
        #[derive(#derived)]
        #[serde(untagged)]
        #[allow(
            clippy::enum_variant_names,
            clippy::large_enum_variant,
            reason = "variants are named after their types, and values are not kept in numbers"
        )]
        pub enum #owner { #(#declared,)* }

        #by_hand

        impl Default for #owner {
            fn default() -> Self {
                Self::#first(Default::default())
            }
        }

        #(#conversions)*
    }
}

/// `Deserialize` for a union that does not come back in itself: reads the raw value as one variant
/// after the other. Derived code would copy the value first and could not say why none fits.
fn tries(name: &str, variants: &[Variant]) -> TokenStream {
    let owner = ident(name);
    let names: Vec<Ident> = variants
        .iter()
        .map(|variant| ident(&variant.rust))
        .collect();
    let errors: Vec<Ident> = variants
        .iter()
        .map(|variant| ident(&format!("as_{}", snake(&variant.rust))))
        .collect();
    let tried: Vec<String> = names
        .iter()
        .zip(&errors)
        .map(|(name, error)| format!("as `{name}`: {{{error}}}"))
        .collect();
    let message = format!("no variant of `{name}` fits; {}", tried.join("; "));
    quote! {
        impl<'de> Deserialize<'de> for #owner {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let json = Json::deserialize(deserializer)?;
                #(
                    let #errors = match json.decode() {
                        Ok(value) => return Ok(Self::#names(value)),
                        Err(error) => error,
                    };
                )*
                Err(serde::de::Error::custom(format_args!(#message)))
            }
        }
    }
}

fn description(model: &Model, variant: &Variant) -> String {
    if !variant.description.is_empty() {
        return variant.description.clone();
    }
    let Type::Ref(name) = &variant.ty else {
        return format!("{}.", variant.rust);
    };
    let description = model
        .find(name)
        .map(|named| named.description.as_str())
        .unwrap_or_default();
    description
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .to_owned()
}
