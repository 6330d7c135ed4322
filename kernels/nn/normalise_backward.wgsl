// Gradient through normalise.wgsl with the batch's own mean and variance:
//   dz[k] = a (δ[k] − Σδ/n − x̂[k] Σ(δ x̂)/n),   x̂ = (z − m) r,
// δ[k] = leaky'(u) dy where k won its window (the first of equals), else 0; the means from normalise_gradient.wgsl.
// One invocation per four of the batch of one window; workgroups: x over these, y over channels.
import package::nn::leaky::leaky_slope;

struct Params {
  columns: u32,        // batch / 4
  side: u32,           // of dy
  output_row: u32,     // pixels of a row and a channel of dz, with border
  output_plane: u32,
  output_start: u32,   // first pixel inside the border
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<vec4f>;              // no border
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;             // no border
@group(0) @binding(3) var<storage, read> coefficients: array<vec4f>;   // (a, b, m, r)
@group(0) @binding(4) var<storage, read> means: array<vec2f>;         // (Σ(δ x̂), Σδ)/n
@group(0) @binding(5) var<storage, read_write> dz: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let columns = params.columns;
  let side = params.side;
  let c = group.y;
  let pixel = id.x / columns;
  if (pixel >= side * side) { return; }
  let column = id.x % columns;
  let px = pixel % side;
  let py = pixel / side;
  let coefficient = coefficients[c];
  let a = coefficient.x;
  let b = vec4f(coefficient.y);
  let mean = means[c];
  let gradient = dy[(c * side * side + pixel) * columns + column];

  @if(!POOL) {
    let value = z[(c * side * side + pixel) * columns + column];
    let normal = (value - vec4f(coefficient.z)) * coefficient.w;
    let delta = gradient * leaky_slope(a * value + b);
    let out = (c * params.output_plane + params.output_start + py * params.output_row + px) * columns + column;
    dz[out] = a * (delta - vec4f(mean.y) - normal * mean.x);
  }
  @if(POOL) {
    let k = ((c * 2u * side + 2u * py) * 2u * side + 2u * px) * columns + column;
    let below = k + 2u * side * columns;
    let z0 = z[k]; let z1 = z[k + columns]; let z2 = z[below]; let z3 = z[below + columns];
    let u0 = a * z0 + b; let u1 = a * z1 + b; let u2 = a * z2 + b; let u3 = a * z3 + b;
    let top = max(max(u0, u1), max(u2, u3));
    let delta = gradient * leaky_slope(top);
    let won0 = u0 == top;
    let won1 = (u1 == top) & !won0;
    let won2 = (u2 == top) & !(won0 | won1);
    let won3 = !(won0 | won1 | won2);
    // a (−Σδ/n − x̂ Σ(δ x̂)/n) = z · slope + offset.
    let slope = -a * mean.x * coefficient.w;
    let offset = vec4f(-a * mean.y - slope * coefficient.z);
    let scaled = a * delta;
    let out = (c * params.output_plane + params.output_start + 2u * (py * params.output_row + px)) * columns + column;
    let under = out + params.output_row * columns;
    dz[out] = select(vec4f(), scaled, won0) + slope * z0 + offset;
    dz[out + columns] = select(vec4f(), scaled, won1) + slope * z1 + offset;
    dz[under] = select(vec4f(), scaled, won2) + slope * z2 + offset;
    dz[under + columns] = select(vec4f(), scaled, won3) + slope * z3 + offset;
  }
}
