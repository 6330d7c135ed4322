// Large lattices from small ones: tile t of a large lattice is the small lattice sources[t].w, shifted by sources[t].xyz whole cells, with
// periodic ends. One invocation per word of the large lattices, which is eight cells along x; a small lattice has a multiple of eight
// along each side. Vacancies are put where those of the small lattices go, tile by tile, by the invocations of the first words.

import package::gpu::rows::number_in_rows;

struct Params {
  count: u32,        // of large lattices
  cells: u32,        // of a large one
  small: u32,        // of a small one
  vacancies: u32,    // of a small one
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sources: array<vec4u>;       // [large][tile]
@group(0) @binding(2) var<storage, read> lattice: array<u32>;
@group(0) @binding(3) var<storage, read> vacancies: array<u32>;
@group(0) @binding(4) var<storage, read_write> large: array<u32>;
@group(0) @binding(5) var<storage, read_write> moved: array<u32>;

fn cell_of(index: u32, cells: u32) -> vec3u {
  return vec3u(index % cells, index / cells % cells, index / (cells * cells));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 64u);
  let across = params.cells / 8u;
  let words = across * params.cells * params.cells;
  let state = index / words;
  if (state >= params.count) { return; }
  let word = index % words;
  let tiles = params.cells / params.small;
  let at = vec3u(word % across * 8u, word / across % params.cells, word / (across * params.cells));
  let tile = at / params.small;
  let source = sources[((state * tiles + tile.z) * tiles + tile.y) * tiles + tile.x];
  // Eight cells along x begin somewhere inside a word of the small lattice and end in the next.
  let inner = (at % params.small + vec3u(params.small) - source.xyz % params.small) % params.small;
  let row = (inner.z * params.small + inner.y) * (params.small / 8u);
  let base = source.w * params.small * params.small * (params.small / 8u) + row;
  let first = lattice[base + inner.x / 8u];
  let second = lattice[base + (inner.x / 8u + 1u) % (params.small / 8u)];
  let shift = 4u * (inner.x % 8u);
  large[index] = select((first >> shift) | (second << ((32u - shift) & 31u)), first, shift == 0u);

  let all = tiles * tiles * tiles * params.vacancies;
  for (var v = word; v < all; v += words) {
    let own = v / params.vacancies;
    let own_source = sources[state * tiles * tiles * tiles + own];
    let site = vacancies[own_source.w * params.vacancies + v % params.vacancies];
    let inside = (cell_of(site >> 1u, params.small) + own_source.xyz) % params.small;
    let cell = cell_of(own, tiles) * params.small + inside;
    moved[state * all + v] = (((cell.z * params.cells + cell.y) * params.cells + cell.x) << 1u) | (site & 1u);
  }
}
