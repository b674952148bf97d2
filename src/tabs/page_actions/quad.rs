//! Maps points from rotated, scaled or skewed frames to the page around them.

use cdp_bridge_protocol::request::Point;

use crate::cdp::page_methods::Quad;

/// Maps a point of a frame to the page around it. `quad` is the frame's content box in that page,
/// `size` the frame's viewport. Exact for 2D transforms, which are affine.
pub(super) fn to_parent(point: Point, size: (f64, f64), quad: &Quad) -> Point {
    let [x1, y1, x2, y2, _, _, x4, y4] = *quad;
    let across = point.x / size.0.max(1.0);
    let down = point.y / size.1.max(1.0);
    Point {
        x: x1 + across * (x2 - x1) + down * (x4 - x1),
        y: y1 + across * (y2 - y1) + down * (y4 - y1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(point: Point, x: f64, y: f64) {
        assert!(
            (point.x - x).abs() < 1e-9 && (point.y - y).abs() < 1e-9,
            "{point:?}"
        );
    }

    #[test]
    fn a_frame_may_be_shifted_scaled_and_turned() {
        let point = Point { x: 10.0, y: 20.0 };
        let plain = [5.0, 6.0, 105.0, 6.0, 105.0, 56.0, 5.0, 56.0];
        near(to_parent(point, (100.0, 50.0), &plain), 15.0, 26.0);
        let twice = [0.0, 0.0, 200.0, 0.0, 200.0, 100.0, 0.0, 100.0];
        near(to_parent(point, (100.0, 50.0), &twice), 20.0, 40.0);
        // Rotated by 90 degrees clockwise.
        let turned = [50.0, 0.0, 50.0, 100.0, 0.0, 100.0, 0.0, 0.0];
        near(to_parent(point, (100.0, 50.0), &turned), 30.0, 10.0);
    }
}
