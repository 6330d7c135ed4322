// Bits of 32 words turned over: bit j of word k becomes bit k of word j. Squares of bits off the diagonal change places, from 16 × 16
// down to 1 × 1 (Warren, Hacker's Delight, section 7-3). Written out, as places that are known beforehand stay in registers.

// Word 4i + j is component j of row i.
struct Square { a: vec4u, b: vec4u, c: vec4u, d: vec4u, e: vec4u, f: vec4u, g: vec4u, h: vec4u }

// Bits that change places between words `size` apart; x and y are such words.
fn moved(x: vec4u, y: vec4u, size: u32, mask: u32) -> vec4u {
  return ((x >> vec4u(size)) ^ y) & vec4u(mask);
}

fn swap(x: ptr<function, vec4u>, y: ptr<function, vec4u>, size: u32, mask: u32) {
  let bits = moved(*x, *y, size, mask);
  *x ^= bits << vec4u(size);
  *y ^= bits;
}

// Squares of 2 × 2 and of 1 × 1 within two rows.
fn swap_within(x: ptr<function, vec4u>, y: ptr<function, vec4u>) {
  var low = vec4u((*x).xy, (*y).xy);
  var high = vec4u((*x).zw, (*y).zw);
  swap(&low, &high, 2u, 0x33333333u);
  var even = vec4u(low.x, high.x, low.z, high.z);
  var odd = vec4u(low.y, high.y, low.w, high.w);
  swap(&even, &odd, 1u, 0x55555555u);
  *x = vec4u(even.x, odd.x, even.y, odd.y);
  *y = vec4u(even.z, odd.z, even.w, odd.w);
}

fn transpose(square: Square) -> Square {
  var a = square.a;
  var b = square.b;
  var c = square.c;
  var d = square.d;
  var e = square.e;
  var f = square.f;
  var g = square.g;
  var h = square.h;
  swap(&a, &e, 16u, 0xffffu);
  swap(&b, &f, 16u, 0xffffu);
  swap(&c, &g, 16u, 0xffffu);
  swap(&d, &h, 16u, 0xffffu);
  swap(&a, &c, 8u, 0x00ff00ffu);
  swap(&b, &d, 8u, 0x00ff00ffu);
  swap(&e, &g, 8u, 0x00ff00ffu);
  swap(&f, &h, 8u, 0x00ff00ffu);
  swap(&a, &b, 4u, 0x0f0f0f0fu);
  swap(&c, &d, 4u, 0x0f0f0f0fu);
  swap(&e, &f, 4u, 0x0f0f0f0fu);
  swap(&g, &h, 4u, 0x0f0f0f0fu);
  swap_within(&a, &b);
  swap_within(&c, &d);
  swap_within(&e, &f);
  swap_within(&g, &h);
  return Square(a, b, c, d, e, f, g, h);
}
