//! Linear regression of memory over time, to detect growth.

/// A straight line through points, by least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    /// The rise per unit.
    pub(crate) slope: f64,
    /// The rise from the first point to the last.
    pub(crate) rise: f64,
}

/// The line through the points after the first tenth, in which caches fill. `None` with too few points.
pub(crate) fn line(points: &[(f64, f64)]) -> Option<Line> {
    let (first, last) = (points.first()?.0, points.last()?.0);
    let start = first + (last - first) / 10.0;
    let points: Vec<_> = points.iter().filter(|(x, _)| *x >= start).collect();
    if points.len() < 3 {
        return None;
    }
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(|it| of(it)).sum::<f64>() / count;
    let (x, y) = (mean(|it| it.0), mean(|it| it.1));
    let spread: f64 = points.iter().map(|it| (it.0 - x).powi(2)).sum();
    let together: f64 = points.iter().map(|it| (it.0 - x) * (it.1 - y)).sum();
    if spread == 0.0 {
        return None;
    }
    let slope = together / spread;
    let rise = slope * (last - points[0].0);
    Some(Line { slope, rise })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(of: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let points = (0..=100).map(|x| (f64::from(x), of(f64::from(x))));
        points.collect()
    }

    #[test]
    fn a_steady_rise_is_found_and_what_fills_up_at_first_is_none() {
        let leak = line(&points(|x| 7.0 + 0.5 * x)).unwrap();
        assert!((leak.slope - 0.5).abs() < 1e-9 && (leak.rise - 45.0).abs() < 1e-9);
        let warm = line(&points(|x| if x < 10.0 { x } else { 10.0 })).unwrap();
        assert!(warm.slope.abs() < 1e-9, "{warm:?}");
        // Noise around a constant is no growth either.
        let noise = line(&points(|x| if x % 2.0 == 0.0 { 1.0 } else { -1.0 })).unwrap();
        assert!(noise.rise.abs() < 0.2, "{noise:?}");
        assert_eq!(line(&[(0.0, 1.0), (1.0, 2.0)]), None);
    }
}
