//! Tables for people, and the same as JSON.

use serde_json::{Value, json};

/// Rows of figures under named columns.
pub(crate) struct Table {
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<f64>)>,
}

impl Table {
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, name: impl Into<String>, figures: Vec<f64>) {
        self.rows.push((name.into(), figures));
    }

    pub(crate) fn print(&self, json: bool) {
        if json {
            println!("{}", self.to_json());
            return;
        }
        print!("{:<20}", "");
        for column in &self.columns {
            print!(" {column:>12}");
        }
        println!();
        for (name, figures) in &self.rows {
            print!("{name:<20}");
            for figure in figures {
                print!(" {:>12}", shown(*figure));
            }
            println!();
        }
    }

    fn to_json(&self) -> Value {
        let row = |(name, figures): &(String, Vec<f64>)| {
            let figures = self
                .columns
                .iter()
                .zip(figures)
                .map(|(c, f)| ((*c).to_owned(), json!(f)));
            let mut object: serde_json::Map<String, Value> = figures.collect();
            object.insert("payload".to_owned(), json!(name));
            Value::Object(object)
        };
        self.rows.iter().map(row).collect()
    }
}

/// The geometric mean.
pub(crate) fn mean(figures: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = figures
        .into_iter()
        .fold((0.0, 0.0), |(s, n), f| (s + f.ln(), n + 1.0));
    f64::exp(sum / count)
}

/// The middle one.
pub(crate) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn shown(figure: f64) -> String {
    match figure {
        f if f.is_nan() => "-".to_owned(),
        f if f >= 1000.0 => format!("{f:.0}"),
        f if f >= 100.0 => format!("{f:.1}"),
        f => format!("{f:.2}"),
    }
}
