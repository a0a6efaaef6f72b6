//! Draws what egui made into a picture, without a graphics card: the same picture on every machine.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use bevy_egui::egui;
use egui::epaint::{ImageDelta, Mesh, Primitive, Vertex};
use egui::{ColorImage, Context, FullOutput, ImageData, Rect, TextureId, TexturesDelta};
use egui_kittest::TestRenderer;

/// Fills triangles pixel by pixel. egui smooths edges by triangles of its own and blends as the eye sees, without
/// linear light; so does this.
#[derive(Clone, Default)]
pub struct Raster {
    /// What the harness was told of textures.
    textures: Rc<RefCell<BTreeMap<TextureId, ColorImage>>>,
}

/// Red, green and blue of each pixel, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RasterPicture {
    /// Width and height in pixels.
    pub size: [usize; 2],
    /// The pixels.
    pub pixels: Vec<[u8; 3]>,
}

impl RasterPicture {
    fn plain(size: [usize; 2], color: [u8; 3]) -> Self {
        Self { size, pixels: vec![color; size[0] * size[1]] }
    }

    /// A part of it.
    pub fn crop(&self, [left, top]: [usize; 2], size: [usize; 2]) -> Self {
        let rows = self.pixels.chunks_exact(self.size[0]).skip(top).take(size[1]);
        Self { size, pixels: rows.flat_map(|row| &row[left..left + size[0]]).copied().collect() }
    }
}

/// A texture that is not there yet is white.
const WHITE: [f32; 4] = [255.0; 4];

impl Raster {
    fn put(&self, id: TextureId, delta: &ImageDelta) {
        let mut textures = self.textures.borrow_mut();
        let ImageData::Color(image) = &delta.image;
        let Some([left, top]) = delta.pos else {
            textures.insert(id, image.as_ref().clone());
            return;
        };
        let Some(whole) = textures.get_mut(&id) else { return };
        for (row, line) in image.pixels.chunks_exact(image.size[0]).enumerate() {
            let start = (top + row) * whole.size[0] + left;
            whole.pixels[start..start + line.len()].copy_from_slice(line);
        }
    }

    /// The texture between its pixels.
    fn sample(texture: Option<&ColorImage>, u: f32, v: f32) -> [f32; 4] {
        let Some(texture) = texture else { return WHITE };
        let [width, height] = texture.size;
        let (x, y) = (u * width as f32 - 0.5, v * height as f32 - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (across, down) = (x - left, y - top);
        let pixel = |dx: f32, dy: f32| {
            let column = (left + dx).clamp(0.0, width as f32 - 1.0) as usize;
            let row = (top + dy).clamp(0.0, height as f32 - 1.0) as usize;
            texture.pixels[row * width + column].to_array().map(f32::from)
        };
        let corners = [pixel(0.0, 0.0), pixel(1.0, 0.0), pixel(0.0, 1.0), pixel(1.0, 1.0)];
        std::array::from_fn(|channel| {
            let [a, b, c, d] = corners.map(|corner| corner[channel]);
            (a + (b - a) * across) * (1.0 - down) + (c + (d - c) * across) * down
        })
    }

    fn mesh(&self, mesh: &Mesh, clip: Rect, scale: f32, picture: &mut RasterPicture) {
        let textures = self.textures.borrow();
        let texture = textures.get(&mesh.texture_id);
        let (width, height) = (picture.size[0] as f32, picture.size[1] as f32);
        let clip = Rect::from_min_max(
            (clip.min * scale).round().clamp(egui::Pos2::ZERO, egui::pos2(width, height)),
            (clip.max * scale).round().clamp(egui::Pos2::ZERO, egui::pos2(width, height)),
        );
        for corners in mesh.indices.chunks_exact(3) {
            let [a, b, c] = [0, 1, 2].map(|corner| mesh.vertices[corners[corner] as usize]);
            triangle([a, b, c], clip, scale, texture, picture);
        }
    }
}

/// Twice the area of a triangle, positive if its corners go clockwise on the screen.
fn area(a: egui::Pos2, b: egui::Pos2, c: egui::Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// Whether pixels on the edge from one corner to the next belong to the triangle: so that of two neighbours one takes them.
fn takes(from: egui::Pos2, to: egui::Pos2) -> bool {
    (from.y == to.y && to.x > from.x) || to.y < from.y
}

fn triangle(
    mut corners: [Vertex; 3],
    clip: Rect,
    scale: f32,
    texture: Option<&ColorImage>,
    picture: &mut RasterPicture,
) {
    for corner in &mut corners {
        corner.pos = (corner.pos.to_vec2() * scale).to_pos2();
    }
    let whole = area(corners[0].pos, corners[1].pos, corners[2].pos);
    if whole == 0.0 || !whole.is_finite() {
        return;
    }
    if whole < 0.0 {
        corners.swap(1, 2);
    }
    let [a, b, c] = corners;
    let around = Rect::from_points(&[a.pos, b.pos, c.pos]).intersect(clip);
    if !around.is_positive() {
        return;
    }
    let colors = corners.map(|corner| corner.color.to_array().map(f32::from));
    // Most triangles are of one colour and take one place of the texture.
    let plain = (a.uv == b.uv && b.uv == c.uv).then(|| Raster::sample(texture, a.uv.x, a.uv.y));
    let edges = [(b.pos, c.pos), (c.pos, a.pos), (a.pos, b.pos)];
    for y in around.top().floor() as usize..around.bottom().ceil().min(clip.bottom()) as usize {
        for x in around.left().floor() as usize..around.right().ceil().min(clip.right()) as usize {
            let middle = egui::pos2(x as f32 + 0.5, y as f32 + 0.5);
            if !clip.contains(middle) {
                continue;
            }
            let shares = edges.map(|(from, to)| area(from, to, middle));
            let inside = shares
                .iter()
                .zip(&edges)
                .all(|(share, (from, to))| *share > 0.0 || (*share == 0.0 && takes(*from, *to)));
            if !inside {
                continue;
            }
            let shares = shares.map(|share| share / whole.abs());
            let mix = |values: [f32; 3]| values[0] * shares[0] + values[1] * shares[1] + values[2] * shares[2];
            let texel = plain.unwrap_or_else(|| {
                Raster::sample(texture, mix([a.uv.x, b.uv.x, c.uv.x]), mix([a.uv.y, b.uv.y, c.uv.y]))
            });
            let source: [f32; 4] = std::array::from_fn(|channel| {
                mix([colors[0][channel], colors[1][channel], colors[2][channel]]) * texel[channel] / 255.0
            });
            let under = &mut picture.pixels[y * picture.size[0] + x];
            for (channel, under) in under.iter_mut().enumerate() {
                let over = source[channel] + f32::from(*under) * (1.0 - source[3] / 255.0);
                *under = over.round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

impl TestRenderer for Raster {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, images) in std::mem::take(&mut delta.set) {
            for image in &images {
                self.put(id, image);
            }
        }
        for id in std::mem::take(&mut delta.free) {
            self.textures.borrow_mut().remove(&id);
        }
    }
}

impl Raster {
    /// What egui drew last.
    pub fn picture(&self, ctx: &Context, output: &FullOutput) -> RasterPicture {
        let scale = ctx.pixels_per_point();
        let size = ctx.viewport_rect().size() * scale;
        let mut picture = RasterPicture::plain([size.x.round() as usize, size.y.round() as usize], [0; 3]);
        for part in ctx.tessellate(output.shapes.clone(), scale) {
            match &part.primitive {
                Primitive::Mesh(mesh) => self.mesh(mesh, part.clip_rect, scale, &mut picture),
                Primitive::Callback(_) => panic!("only egui's own shapes can be drawn"),
            }
        }
        picture
    }
}

#[test]
fn a_square_is_filled_once_and_blended() {
    let mut mesh = Mesh::default();
    let half = egui::Color32::from_rgba_premultiplied(64, 0, 0, 128);
    mesh.add_colored_rect(Rect::from_min_max(egui::pos2(1.0, 1.0), egui::pos2(3.0, 4.0)), half);
    let mut picture = RasterPicture::plain([5, 5], [100; 3]);
    Raster::default().mesh(&mesh, Rect::EVERYTHING, 1.0, &mut picture);
    let filled: Vec<usize> =
        picture.pixels.iter().enumerate().filter(|(_, pixel)| **pixel == [114, 50, 50]).map(|(at, _)| at).collect();
    assert_eq!(filled, [6, 7, 11, 12, 16, 17]);
    assert_eq!(picture.pixels.iter().filter(|pixel| **pixel == [100; 3]).count(), 25 - 6);
    assert_eq!(picture.crop([1, 1], [1, 2]).pixels, [[114, 50, 50]; 2]);
}
