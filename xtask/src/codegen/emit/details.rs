//! What tells the details of one source apart.

use proc_macro2::TokenStream;
use quote::quote;

use super::{doc, ident};

/// The source's name, `Detail` for each type, and the enum of all.
pub(super) fn dispatch(source: &str, events: &[(String, String)]) -> Vec<TokenStream> {
    let docs = doc("What all these events have as their `source`.", 0);
    let mut items = vec![quote! { #docs pub const SOURCE: &str = #source; }];
    let variants = events.iter().map(|(kind, name)| {
        let (docs, name) = (doc(&format!("`{kind}`."), 4), ident(name));
        quote! { #docs #name(Box<#name>) }
    });
    let arms = events.iter().map(|(kind, name)| {
        let name = ident(name);
        quote! { #kind => Self::#name(Box::new(event.decode_detail()?)), }
    });
    let any = doc(
        &format!("A detail of `{source}`, told by the event's detail type."),
        0,
    );
    let known = doc("The detail of an event.", 4);
    let errors = [
        "",
        " # Errors",
        "",
        " When the detail does not fit the type of its kind.",
    ];
    items.push(quote! {
        #any
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Any {
            #(#variants,)*
            /// A kind of event not known when this was written, or one of another source.
            Other(Json),
        }

        impl Any {
            #known
            #(#[doc = #errors])*
            pub fn of(event: &crate::EventBridgeEvent) -> Result<Self, lambda_with::Error> {
                if event.source != SOURCE {
                    return Ok(Self::Other(event.detail.clone()));
                }
                Ok(match event.detail_type.as_str() {
                    #(#arms)*
                    _ => Self::Other(event.detail.clone()),
                })
            }
        }
    });
    items.extend(events.iter().map(|(kind, name)| {
        let name = ident(name);
        quote! {
            impl crate::Detail for #name {
                const SOURCE: &'static str = SOURCE;
                const DETAIL_TYPE: &'static str = #kind;
            }
        }
    }));
    items
}
