;; The inner loops of Pillow's resize (Resample.c, 8 bits a channel) with 128-bit vectors. resample-kernel.ts holds the
;; compiled bytes; after a change here, fixtures/make/kernel.sh makes them anew.
;;
;; A coefficient is an integer with 22 fractional bits. Vectors multiply 16-bit numbers best, so each is kept as
;; high · 2^14 + low, and four taps lie together as sixteen bytes: high 0 1 2 3, low 0 1 2 3.
(module
  (memory (export "memory") 1)

  ;; Filters one row: `count` pixels of `channels` interleaved bytes to `out`. For each, `bounds` holds the address of
  ;; its first source pixel and its number of groups of four taps; the groups follow one another at `taps`.
  ;; Reads up to 16 bytes past the last source pixel and writes up to 3 bytes past the last result.
  (func (export "row")
    (param $bounds i32) (param $taps i32) (param $out i32) (param $count i32) (param $channels i32)
    ;; where in sixteen source bytes taps 0 1 and taps 2 3 lie, as 16-bit pairs per channel (255 gives 0)
    (param $pairs01 i32)
    (local $source i32) (local $groups i32)
    (local $p01 v128) (local $p23 v128) (local $bytes v128) (local $a v128) (local $b v128)
    (local $high v128) (local $low v128)
    (local.set $p01 (v128.load (local.get $pairs01)))
    (local.set $p23 (v128.load offset=16 (local.get $pairs01)))
    (block $done (loop $pixel
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $source (i32.load (local.get $bounds)))
      (local.set $groups (i32.load offset=4 (local.get $bounds)))
      (local.set $high (v128.const i32x4 0 0 0 0))
      (local.set $low (v128.const i32x4 0x200000 0x200000 0x200000 0x200000)) ;; one half, so that the shift rounds
      (block $summed (loop $group
        (br_if $summed (i32.eqz (local.get $groups)))
        (local.set $bytes (v128.load (local.get $source)))
        (local.set $a (i8x16.swizzle (local.get $bytes) (local.get $p01)))
        (local.set $b (i8x16.swizzle (local.get $bytes) (local.get $p23)))
        (local.set $high (i32x4.add (local.get $high)
          (i32x4.add
            (i32x4.dot_i16x8_s (local.get $a) (v128.load32_splat (local.get $taps)))
            (i32x4.dot_i16x8_s (local.get $b) (v128.load32_splat offset=4 (local.get $taps))))))
        (local.set $low (i32x4.add (local.get $low)
          (i32x4.add
            (i32x4.dot_i16x8_s (local.get $a) (v128.load32_splat offset=8 (local.get $taps)))
            (i32x4.dot_i16x8_s (local.get $b) (v128.load32_splat offset=12 (local.get $taps))))))
        (local.set $taps (i32.add (local.get $taps) (i32.const 16)))
        (local.set $source (i32.add (local.get $source) (i32.shl (local.get $channels) (i32.const 2))))
        (local.set $groups (i32.sub (local.get $groups) (i32.const 1)))
        (br $group)))
      (v128.store32_lane 0 (local.get $out)
        (call $clip (i32x4.add (i32x4.shl (local.get $high) (i32.const 14)) (local.get $low))))
      (local.set $out (i32.add (local.get $out) (local.get $channels)))
      (local.set $bounds (i32.add (local.get $bounds) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $pixel))))

  ;; sums[i] += bytes[i] · coefficient, for `count` (a multiple of 4) bytes and 32-bit sums.
  (func (export "add")
    (param $bytes i32) (param $sums i32) (param $count i32) (param $coefficient i32)
    (local $k v128)
    (local.set $k (i32x4.splat (local.get $coefficient)))
    (block $done (loop $four
      (br_if $done (i32.eqz (local.get $count)))
      (v128.store (local.get $sums) (i32x4.add (v128.load (local.get $sums))
        (i32x4.mul (local.get $k)
          (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $bytes)))))))
      (local.set $bytes (i32.add (local.get $bytes) (i32.const 4)))
      (local.set $sums (i32.add (local.get $sums) (i32.const 16)))
      (local.set $count (i32.sub (local.get $count) (i32.const 4)))
      (br $four))))

  ;; out[i] = the byte that sums[i] stands for, for `count` (a multiple of 4) sums.
  (func (export "finish")
    (param $sums i32) (param $out i32) (param $count i32)
    (block $done (loop $four
      (br_if $done (i32.eqz (local.get $count)))
      (v128.store32_lane 0 (local.get $out)
        (call $clip (i32x4.add (v128.load (local.get $sums))
          (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))))
      (local.set $sums (i32.add (local.get $sums) (i32.const 16)))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (local.set $count (i32.sub (local.get $count) (i32.const 4)))
      (br $four))))

  ;; Four sums with 22 fractional bits to four bytes, limited to 0…255, in the low 32 bits.
  (func $clip (param $sum v128) (result v128)
    (local.set $sum (i32x4.shr_s (local.get $sum) (i32.const 22)))
    (local.set $sum (i16x8.narrow_i32x4_s (local.get $sum) (local.get $sum)))
    (i8x16.narrow_i16x8_u (local.get $sum) (local.get $sum))))
