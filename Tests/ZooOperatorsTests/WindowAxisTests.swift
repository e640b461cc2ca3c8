import Testing
import ZooCore
import ZooOperators

/// How many positions windows have.
struct WindowAxisTests {
  @Test func positionsOfNumbers() {
    let window = WindowAxis(kernel: 3, stride: 2, dilation: 2, padding: .explicit(before: 1, after: 0))
    #expect(window.span == 5)
    #expect(window.positions(on: 10) == 4)
    #expect(window.extent(covering: 4) == 10)
    #expect(window.reach(of: 0) == 5)
  }

  /// ONNX Runtime's pools: a window that is too large by less than a stride sees what there is.
  @Test func windowsThatExceed() {
    let window = WindowAxis(kernel: 5, stride: 3)
    #expect([1, 2, 3, 5].map { window.positions(on: $0) } == [0, 0, 1, 1])
    let larger = WindowAxis(kernel: 9, stride: 2)
    #expect(larger.positions(on: 5).number.map { $0 < 0 } == true)
  }

  @Test func symbolsCancel() {
    let length = Dim.symbol("length")
    let same = WindowAxis(kernel: 3, padding: .explicit(before: 1, after: 1))
    #expect(same.positions(on: length) == length)
    let half = WindowAxis(kernel: 2, stride: 2)
    #expect(half.positions(on: 2 * length) == length)
    #expect(half.extent(covering: length) == 2 * length)
    let patches = WindowAxis(kernel: .symbol("patch"), stride: 1, padding: .same)
    #expect(patches.positions(on: length) == length)
  }

  /// Rounding up: the formula of one quotient is the loop over windows that it stands for.
  @Test func roundingUpCountsWindowsThatBeginOnTheAxis() {
    for kernel in 1...4 {
      for stride in 1...5 {
        for (before, after) in (0..<kernel).flatMap({ before in (0..<kernel).map { (before, $0) } }) {
          let window = WindowAxis(
            kernel: Dim(kernel), stride: stride, padding: .explicit(before: before, after: after), rounding: .up)
          for extent in 1...12 where extent + before + after >= kernel {
            var count = 0
            var isLast = false
            while !isLast, count * stride < extent + before {
              isLast = count * stride + kernel >= extent + before + after
              count += 1
            }
            let symbolic = window.positions(on: .symbol("x")).replacing { _ in Dim(extent) }
            #expect(window.positions(on: Dim(extent)) == Dim(count))
            #expect(symbolic == Dim(count))
          }
        }
      }
    }
  }
}
