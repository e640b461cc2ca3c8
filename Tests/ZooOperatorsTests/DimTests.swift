import Testing
import ZooOperators

@Suite struct DimTests {
  private let s = Dim.symbol("s")
  private let h = Dim.symbol("h")

  @Test func equalExpressionsAreEqual() {
    #expect(s + 1 - 1 == s)
    #expect((s + h) * 2 == 2 * h + s + s)
    #expect((s - h) * (s + h) == s * s - h * h)
    #expect((2 * s).floorDivided(by: 2) == s)
    #expect((2 * s + 1).floorDivided(by: 2) == s)
    #expect((s * h * 768).divided(exactlyBy: 12 * 64) == s * h)
    #expect((s * h).divided(exactlyBy: h) == s)
    #expect((s * h + 2 * h).divided(exactlyBy: s + 2) == h)
    #expect((s + 2 - 3).floorDivided(by: 1) + 1 == s)
    #expect((s + 1).floorDivided(by: 2) == (1 + s).floorDivided(by: 2))
    #expect(s.divided(exactlyBy: 2) == nil)
  }

  @Test func comparisons() {
    #expect(s.equals(s) == true)
    #expect(s.equals(s + 1) == false)
    #expect(s.equals(h) == nil)
    #expect(Dim(3).equals(3) == true)
    #expect(Dim.unknown() != Dim.unknown())
    #expect(Dim.minimum(s, s + 2) == s)
    #expect(Dim.maximum(s, s + 2) == s + 2)
  }

  /// Terms of sums don't overflow either.
  @Test func termsStayInBounds() {
    let least = s + Dim(Int.min) + Dim(Int.min)
    #expect(least == s - Dim(1 << 62))
    #expect(least.divided(exactlyBy: -1) == Dim(1 << 62) - s)
    #expect((h * s * Dim(Int.max) * Dim(Int.max)).divided(exactlyBy: h) == s * Dim(Int.max))
    #expect(least.floorDivided(by: 3).number == nil)
  }

  @Test func broadcasts() {
    #expect(Dim.broadcast(1, s) == s)
    #expect(Dim.broadcast(s, 5) == 5)
    #expect(Dim.broadcast(4, 5) == nil)
    #expect(Dim.broadcast(s, s + 1) == nil)
    #expect(Dim.broadcast(s, h) == Dim.broadcast(h, s))
  }

  @Test(arguments: [1, 2, 7, 64])
  func valuesAreThoseOfTheExpressions(value: Int) {
    func number(_ dim: Dim) -> Int? {
      dim.replacing { $0 == .named("s") ? Dim(value) : $0 == .named("h") ? 3 : nil }?.number
    }
    #expect(number((s + 5).floorDivided(by: 2) * h) == (value + 5) / 2 * 3)
    #expect(number((3 * s + 2).floorDivided(by: 2)) == (3 * value + 2) / 2)
    #expect(number((3 * s + 2).ceilingDivided(by: 2)) == (3 * value + 3) / 2)
    #expect(number((s - 9).floorDivided(by: 4)) == Int((Double(value - 9) / 4).rounded(.down)))
    #expect(number(Dim.minimum(s, h)) == min(value, 3))
    #expect(number(Dim.broadcast(s, 1)!) == value)
    #expect((s + .unknown()).replacing { $0 == .named("s") ? Dim(value) : nil }?.number == nil)
  }

  @Test func numbersStayInBounds() {
    #expect((Dim(Int.max) * Dim(Int.max)).number == 1 << 62)
    #expect((Dim(Int.max) * -2).number == -(1 << 62))
    #expect((Dim(Int.min) + Dim(Int.min)).number == -(1 << 62))
    #expect(Dim(Int.min).floorDivided(by: -1).number == 1 << 62)
  }

  @Test func expressionsStayInBounds() {
    var (square, sum, least) = (s, s + 1, s)
    for _ in 0..<80 {
      square *= square
      sum *= sum
      least = Dim.minimum(least.floorDivided(by: 2) + h, 3 * least - h)
    }
    #expect(square.hasUnknown && sum.hasUnknown && least.hasUnknown)
  }
}
