//! The render pass.

use bevy::prelude::*;
use bevy::render::render_phase::TrackedRenderPass;
use bevy::render::render_resource::{IndexFormat, PipelineCache, RenderPassDescriptor};
use bevy::render::renderer::{RenderContext, ViewQuery};
use bevy::render::view::{ExtractedView, ViewTarget};

use super::WorldView;
use super::extract::WorldFrame;
use super::gpu::{Pipelines, WorldGpu};

/// Draws the world for a camera that shows it.
pub(super) fn draw_world(
    view: ViewQuery<(&ExtractedView, &ViewTarget, &Msaa), With<WorldView>>,
    gpu: Option<Res<WorldGpu>>,
    world_frame: Res<WorldFrame>,
    cache: Res<PipelineCache>,
    mut context: RenderContext,
) {
    let (view, target, msaa) = view.into_inner();
    let Some(gpu) = gpu.filter(|_| world_frame.shows) else {
        return;
    };
    let Some(pipelines) = gpu.pipelines(view.target_format, msaa.samples()) else {
        return;
    };
    let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("world"),
        color_attachments: &[Some(target.get_color_attachment())],
        depth_stencil_attachment: None,
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    });
    let size = target.main_texture().size();
    draw(&mut pass, &gpu, &world_frame, &cache, pipelines, UVec2::new(size.width, size.height));
}

/// One layer after the other, from the ground up. A pipeline that is still being compiled leaves its layers out.
fn draw<'a>(
    pass: &mut TrackedRenderPass<'a>,
    gpu: &'a WorldGpu,
    world_frame: &WorldFrame,
    cache: &'a PipelineCache,
    pipelines: Pipelines,
    target: UVec2,
) {
    let shapes = |pass: &mut TrackedRenderPass<'a>, range: std::ops::Range<u32>| {
        if let Some(pipeline) = cache.get_render_pipeline(pipelines.shapes)
            && !range.is_empty()
        {
            pass.set_render_pipeline(pipeline);
            pass.set_bind_group(0, &gpu.view_group, &[]);
            pass.set_vertex_buffer(0, gpu.vertices.buffer().slice(..));
            pass.set_index_buffer(gpu.indices.buffer().slice(..), IndexFormat::Uint32);
            pass.draw_indexed(range, 0, 0..1);
        }
    };
    let frame = &world_frame.frame;
    let [ground, hulls, below, veil] = frame.ends;
    let all = frame.painter.indices().len() as u32;

    shapes(pass, 0..ground);
    if let (Some(group), Some(pipeline)) = (gpu.heat.group(), cache.get_render_pipeline(pipelines.premultiplied)) {
        pass.set_render_pipeline(pipeline);
        pass.set_bind_group(0, &gpu.view_group, &[]);
        pass.set_bind_group(1, group, &[]);
        pass.draw(0..6, 0..1);
    }
    let inside = |pass: &mut TrackedRenderPass<'a>, range: std::ops::Range<u32>| {
        if let Some([x, y, width, height]) = scissor(frame.inside, world_frame.scale_factor, target)
            && !range.is_empty()
        {
            pass.set_scissor_rect(x, y, width, height);
            shapes(pass, range);
            pass.set_scissor_rect(0, 0, target.x, target.y);
        }
    };
    inside(pass, ground..hulls);
    shapes(pass, hulls..below);
    inside(pass, below..veil);
    for picture in [&gpu.density, &gpu.canvas] {
        if let (Some(group), Some(pipeline)) = (picture.group(), cache.get_render_pipeline(pipelines.pictures)) {
            pass.set_render_pipeline(pipeline);
            pass.set_bind_group(0, &gpu.view_group, &[]);
            pass.set_bind_group(1, group, &[]);
            pass.draw(0..6, 0..1);
        }
    }
    if let Some(pipeline) = cache.get_render_pipeline(pipelines.agents)
        && gpu.instance_count > 0
    {
        pass.set_render_pipeline(pipeline);
        pass.set_bind_group(0, &gpu.view_group, &[]);
        pass.set_vertex_buffer(0, gpu.instances.buffer().slice(..));
        pass.draw(0..3, 0..gpu.instance_count);
    }
    shapes(pass, veil..all);
}

/// A rectangle of logical pixels as corner and size in physical ones, within the target; none if that is nothing.
fn scissor(rect: Rect, scale: f32, target: UVec2) -> Option<[u32; 4]> {
    // Negative values saturate to 0.
    let min = (rect.min * scale).round().as_uvec2().min(target);
    let max = (rect.max * scale).round().as_uvec2().min(target);
    (!rect.is_empty() && min.x < max.x && min.y < max.y).then(|| [min.x, min.y, max.x - min.x, max.y - min.y])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_window_is_cut_to_the_target() {
        let target = UVec2::new(200, 100);
        assert_eq!(scissor(Rect::new(10.0, 10.0, 50.0, 30.0), 2.0, target), Some([20, 20, 80, 40]));
        assert_eq!(scissor(Rect::new(-10.0, -10.0, 500.0, 300.0), 1.0, target), Some([0, 0, 200, 100]));
        assert_eq!(scissor(Rect::new(300.0, 10.0, 350.0, 30.0), 1.0, target), None);
        assert_eq!(scissor(Rect::EMPTY, 1.0, target), None);
    }
}
