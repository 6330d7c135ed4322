// Up spins at random places: `ups` of the sites of every replica, all choices equally likely (selection sampling: Knuth, The Art
// of Computer Programming 2, 3.4.2, algorithm S).
//
// bits[replica][row][word]: bit c % 32 of word c / 32 is column c. One invocation per replica walks the rows [first, last); `ups`
// counts what is left to place. Each row has its own random stream.
import package::random::xoshiro::{ Stream, open_stream, next_site };
import package::gpu::rows::number_in_rows;

struct Params {
  replicas: u32,
  side: u32,
  words: u32,         // per row
  first: u32,
  last: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> ups: array<u32>;
@group(0) @binding(2) var<storage, read_write> bits: array<u32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let replica = number_in_rows(id, size, 8u);
  if (replica >= params.replicas) { return; }
  var left = ups[replica];
  for (var row = params.first; row < params.last; row++) {
    var rng = open_stream(params.stream, replica, row);
    var sites = (params.side - row) * params.side;
    for (var word = 0u; word < params.words; word++) {
      let end = min(32u, params.side - 32u * word);
      var packed = 0u;
      for (var k = 0u; k < end; k++) {
        let up = select(0u, 1u, next_site(&rng, sites) < left);
        packed |= up << k;
        left -= up;
        sites -= 1u;
      }
      bits[(replica * params.side + row) * params.words + word] = packed;
    }
  }
  ups[replica] = left;
}
