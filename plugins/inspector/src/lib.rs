//! Agent2028's egui inspector.
