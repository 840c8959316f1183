;; The inner loops of a training step's end, over four numbers at a time in 32 bits, as PyTorch computes them.
;; adamw-kernel.ts holds the compiled bytes; after a change here, fixtures/make/kernel.sh src/training/adamw makes them anew.
(module
  (memory (export "memory") 1)

  ;; AdamW for `count` numbers (a multiple of 4) of each array. What is left in m and v of a gradient long ago becomes 0
  ;; below 1e-30: numbers this close to zero are a hundred times slower to compute with.
  (func (export "adamW")
    (param $values i32) (param $gradients i32) (param $m i32) (param $v i32) (param $count i32)
    (param $scale f32)               ;; of the gradient
    (param $beta1 f32) (param $rest1 f32) (param $beta2 f32) (param $rest2 f32) ;; rest = 1 - beta
    (param $keep f32)                ;; what the decay leaves of a value
    (param $rate f32)                ;; learning rate / (1 - beta1^t)
    (param $root f32)                ;; 1 / sqrt(1 - beta2^t)
    (param $eps f32)
    (local $at i32) (local $end i32) (local $g v128) (local $mean v128) (local $square v128)
    (local.set $end (i32.shl (local.get $count) (i32.const 2)))
    (block $done (loop $four
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $g (f32x4.mul (f32x4.splat (local.get $scale))
        (v128.load (i32.add (local.get $gradients) (local.get $at)))))
      (local.set $mean (call $orZero (f32x4.add
        (f32x4.mul (f32x4.splat (local.get $beta1)) (v128.load (i32.add (local.get $m) (local.get $at))))
        (f32x4.mul (f32x4.splat (local.get $rest1)) (local.get $g)))))
      (local.set $square (call $orZero (f32x4.add
        (f32x4.mul (f32x4.splat (local.get $beta2)) (v128.load (i32.add (local.get $v) (local.get $at))))
        (f32x4.mul (f32x4.mul (f32x4.splat (local.get $rest2)) (local.get $g)) (local.get $g)))))
      (v128.store (i32.add (local.get $m) (local.get $at)) (local.get $mean))
      (v128.store (i32.add (local.get $v) (local.get $at)) (local.get $square))
      (v128.store (i32.add (local.get $values) (local.get $at)) (f32x4.sub
        (f32x4.mul (f32x4.splat (local.get $keep)) (v128.load (i32.add (local.get $values) (local.get $at))))
        (f32x4.div
          (f32x4.mul (f32x4.splat (local.get $rate)) (local.get $mean))
          (f32x4.add
            (f32x4.mul (f32x4.sqrt (local.get $square)) (f32x4.splat (local.get $root)))
            (f32x4.splat (local.get $eps))))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $four))))

  ;; 0 where a number is negligible; what is not a number stays.
  (func $orZero (param $x v128) (result v128)
    (v128.andnot (local.get $x)
      (f32x4.lt (f32x4.abs (local.get $x)) (v128.const f32x4 1e-30 1e-30 1e-30 1e-30))))

  ;; The sum of squares of `count` numbers (a multiple of 4), in 64 bits.
  (func (export "squares") (param $x i32) (param $count i32) (result f64)
    (local $end i32) (local $four v128) (local $low v128) (local $high v128)
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $count) (i32.const 2))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $x) (local.get $end)))
      (local.set $four (v128.load (local.get $x)))
      (local.set $low (f64x2.add (local.get $low) (call $squared (f64x2.promote_low_f32x4 (local.get $four)))))
      (local.set $high (f64x2.add (local.get $high) (call $squared (f64x2.promote_low_f32x4
        (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $four) (local.get $four))))))
      (local.set $x (i32.add (local.get $x) (i32.const 16)))
      (br $next)))
    (local.set $low (f64x2.add (local.get $low) (local.get $high)))
    (f64.add (f64x2.extract_lane 0 (local.get $low)) (f64x2.extract_lane 1 (local.get $low))))

  (func $squared (param $x v128) (result v128) (f64x2.mul (local.get $x) (local.get $x))))
