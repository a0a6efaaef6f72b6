// Everything the view draws, in logical pixels of the window (y down). Colours come in as sRGB and leave as linear light.

struct View {
    // The window's size in logical pixels.
    size: vec2<f32>,
    // Widths of the lines of a ring and of a thin ring, in logical pixels.
    lines: vec2<f32>,
    // Physical pixels per logical pixel, in both.
    scales: vec2<f32>,
}

@group(0) @binding(0) var<uniform> view: View;

fn to_clip(point: vec2<f32>) -> vec4<f32> {
    let part = point / view.size;
    return vec4<f32>(part.x * 2.0 - 1.0, 1.0 - part.y * 2.0, 0.0, 1.0);
}

fn to_linear(color: vec3<f32>) -> vec3<f32> {
    let low = color / 12.92;
    let high = pow((color + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, color <= vec3<f32>(0.04045));
}

// Shapes: triangles with a colour at each corner.

struct Shape {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
}

@vertex
fn shape_vertex(@location(0) at: vec2<f32>, @location(1) color: vec4<f32>) -> Shape {
    return Shape(to_clip(at), vec4<f32>(to_linear(color.rgb), color.a));
}

@fragment
fn shape_fragment(shape: Shape) -> @location(0) vec4<f32> {
    return shape.color;
}

// Pictures: heat maps, the density map, the canvas.

struct Place {
    min: vec2<f32>,
    max: vec2<f32>,
}

@group(1) @binding(0) var picture: texture_2d<f32>;
@group(1) @binding(1) var picture_sampler: sampler;
@group(1) @binding(2) var<uniform> place: Place;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

@vertex
fn picture_vertex(@builtin(vertex_index) index: u32) -> Corner {
    // Two triangles: 0 1 2, 2 1 3 of the corners (0, 0), (1, 0), (0, 1), (1, 1).
    var order = array<u32, 6>(0u, 1u, 2u, 2u, 1u, 3u);
    let corner = order[index];
    let uv = vec2<f32>(f32(corner & 1u), f32(corner >> 1u));
    return Corner(to_clip(mix(place.min, place.max, uv)), uv);
}

@fragment
fn picture_fragment(corner: Corner) -> @location(0) vec4<f32> {
    return textureSample(picture, picture_sampler, corner.uv);
}

// Agents: one triangle each, the shape cut out of it by its distance function. The same formulas as in glyph.rs.

const LONGEST: f32 = 64.0;

const DART: u32 = 0u;
const DISC: u32 = 1u;
const CROSS: u32 = 2u;
const BARS: u32 = 3u;
const THIN_RING: u32 = 5u;
const AIM: u32 = 6u;

struct Agent {
    @builtin(position) clip: vec4<f32>,
    // From the shape's middle, in physical pixels; for a dart along and across its heading.
    @location(0) offset: vec2<f32>,
    @location(1) @interpolate(flat) color: vec4<f32>,
    @location(2) @interpolate(flat) length: f32,
    @location(3) @interpolate(flat) glyph: u32,
}

@vertex
fn agent_vertex(
    @builtin(vertex_index) index: u32,
    @location(0) at: vec2<f32>,
    @location(1) direction: vec2<f32>,
    @location(2) color: vec4<f32>,
) -> Agent {
    let code = u32(color.a * 255.0 + 0.5);
    let glyph = code & 7u;
    let opacity = f32(code >> 3u) / 31.0;
    let share = max(length(direction), 1e-6);
    let size = share * LONGEST * view.scales.x;
    var offset: vec2<f32>;
    var across = vec2<f32>(1.0, 0.0);
    if glyph == DART {
        // The dart itself, its edges moved out by three quarters of a pixel.
        let rim = 0.75;
        let base = -0.5 * size - rim;
        let tip = 0.5 * size + rim * 2.953;
        let half = (tip - base) * 0.36;
        var along = array<f32, 3>(tip, base, base);
        var aside = array<f32, 3>(0.0, half, -half);
        offset = vec2<f32>(along[index], aside[index]);
        across = direction / share;
    } else {
        // A triangle around a square.
        let reach = select(0.5 * size, max(0.3 * size, 0.5), glyph == DISC) + 0.75;
        var x = array<f32, 3>(-reach, 3.0 * reach, -reach);
        var y = array<f32, 3>(-reach, -reach, 3.0 * reach);
        offset = vec2<f32>(x[index], y[index]);
    }
    let turned = vec2<f32>(offset.x * across.x - offset.y * across.y, offset.x * across.y + offset.y * across.x);
    return Agent(
        to_clip(at + turned / view.scales.x),
        offset,
        vec4<f32>(to_linear(color.rgb), opacity),
        size,
        glyph,
    );
}

@fragment
fn agent_fragment(agent: Agent) -> @location(0) vec4<f32> {
    let size = agent.length;
    let offset = agent.offset;
    var inside: f32;
    switch agent.glyph {
        case 0u: {
            let across = abs(offset.y);
            let side = 0.3387 * (0.5 * size - offset.x) - 0.9409 * across;
            let tail = 0.8533 * (offset.x + 0.28 * size) + 0.5215 * across;
            inside = min(side, tail);
        }
        case 1u: {
            inside = max(0.3 * size, 0.5) - length(offset);
        }
        case 2u: {
            let stroke = max(0.11 * size, 1.0) * 0.5;
            let distance = length(offset);
            let diagonals = min(abs(offset.x + offset.y), abs(offset.x - offset.y));
            inside = min(stroke - diagonals * 0.70710678, 0.44 * size - distance);
            if size >= 9.0 {
                inside = max(inside, stroke - abs(distance - 0.5 * size + stroke));
            }
        }
        case 3u: {
            let bar = max(0.1 * size, 0.6) - abs(abs(offset.x) - 0.2 * size);
            inside = min(bar, 0.4 * size - abs(offset.y));
        }
        default: {
            let line = select(view.lines.x, view.lines.y, agent.glyph == THIN_RING) * view.scales.x;
            inside = line * 0.5 - abs(length(offset) - 0.5 * size + line * 0.5);
            if agent.glyph == AIM {
                let from_diagonal = abs(abs(offset.x) - abs(offset.y)) * 0.70710678;
                inside = min(inside, from_diagonal - 0.14 * size);
            }
        }
    }
    let coverage = clamp(inside + 0.5, 0.0, 1.0);
    return vec4<f32>(agent.color.rgb, agent.color.a * coverage);
}
