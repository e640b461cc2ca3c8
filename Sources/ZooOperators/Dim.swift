import ZooCore

/// The extent of a dimension: a number, or what an expression over symbols comes to once these are known.
///
/// Expressions are kept as sums of products, so that those which are the same number whatever the symbols stand for are
/// equal as far as that takes no more than collecting terms and cancelling factors: `(2·s + 1) / 2` is `s`. Symbols stand
/// for numbers of 0 and more.
///
/// Numbers that leave ±2^62 stay there, which is more than any tensor may have. Expressions that grow beyond a few hundred
/// symbols become `unknown()`.
package struct Dim: Sendable, Hashable {
  /// What has symbols. A number takes no memory of its own: most extents are numbers, and there are many of them.
  private var sum: Polynomial?
  /// Where there are no symbols.
  private var plain: Int

  package init(_ number: Int) { (sum, plain) = (nil, min(max(number, -Self.limit), Self.limit)) }

  /// The extent that is called `name` wherever it occurs.
  package static func symbol(_ name: String) -> Dim { Dim(atom: .symbol(.named(name))) }

  /// An extent of which nothing is known: only itself is equal to it.
  package static func unknown() -> Dim { Dim(atom: .symbol(.unknown(UnknownExtent()))) }

  /// What stands for a number.
  package enum Symbol: Sendable, Hashable {
    case named(String)
    case unknown(UnknownExtent)
  }

  /// An extent that nobody knows, by identity.
  package final class UnknownExtent: Sendable, Hashable {
    fileprivate init() {}
    package static func == (left: UnknownExtent, right: UnknownExtent) -> Bool { left === right }
    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
  }

  fileprivate init(atom: Atom) { self.init(Polynomial(terms: [[atom: 1]: 1])) }

  private init(_ polynomial: Polynomial) {
    if let number = polynomial.number {
      self.init(number)
    } else if polynomial.weight <= Self.greatestWeight {
      self.init(0)
      sum = polynomial
    } else {
      self = .unknown()
    }
  }

  /// What is longer helps nobody, and a few operators that square each other's results would go on for ever.
  private static let greatestWeight = 256

  /// How many numbers and symbols it is made of.
  fileprivate var weight: Int {
    sum?.weight ?? 1
  }

  /// The extent that the file gives.
  package init(_ dimension: ShapeDimension) {
    switch dimension.extent {
    case .fixed(let extent): self.init(Int(extent))
    case .symbol(let name): self = .symbol(name)
    case .unknown: self = .unknown()
    }
  }

  private static let limit = 1 << 62

  /// The number, where no symbol takes part.
  package var number: Int? {
    sum == nil ? plain : nil
  }

  /// The symbol, where this is nothing else.
  var symbol: Symbol? {
    guard let sum, sum.terms.count == 1, let term = sum.terms.first,
      term.value == 1, term.key.count == 1, let factor = term.key.first, factor.value == 1,
      case .symbol(let symbol) = factor.key
    else { return nil }
    return symbol
  }

  /// What stands for numbers in it.
  package var symbols: Set<Symbol> {
    var found: Set<Symbol> = []
    _ = replacing { symbol in
      found.insert(symbol)
      return nil
    }
    return found
  }

  /// Whether something takes part of which nothing is known.
  package var hasUnknown: Bool { symbols.contains { if case .unknown = $0 { true } else { false } } }

  private var polynomial: Polynomial {
    sum ?? Polynomial(plain)
  }

  /// Whether it is 0 or more whatever its symbols stand for, as far as the signs of its terms tell. Of `unknown()`, which may
  /// stand for an element as well as for an extent, nothing is known.
  package var isNonNegative: Bool {
    sum?.isNonNegative ?? (plain >= 0)
  }

  /// Whether it is 1 or more whatever its symbols stand for, as far as the signs of its terms tell.
  package var isPositive: Bool { (self - 1).isNonNegative }

  /// This with symbols replaced; those for which `replacement` gives `nil` stay. `nil` for what has no value then, such as
  /// a quotient by 0.
  package func replacing(_ replacement: (Symbol) -> Dim?) -> Dim? {
    guard let sum else { return self }
    return sum.replacing(replacement)
  }

  /// Whether both are the same number; `nil` where that depends on symbols.
  package func equals(_ other: Dim) -> Bool? {
    if self == other { return true }
    guard let difference = (self - other).number else { return nil }
    return difference == 0
  }
}

extension Dim: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) { self.init(value) }
}

// MARK: Arithmetic

extension Dim {
  package static func + (left: Dim, right: Dim) -> Dim {
    if let a = left.number, let b = right.number { return Dim(a.addingSaturated(b)) }
    return Dim(left.polynomial + right.polynomial)
  }

  package static prefix func - (value: Dim) -> Dim { -1 * value }

  package static func - (left: Dim, right: Dim) -> Dim { left + -right }

  package static func * (left: Dim, right: Dim) -> Dim {
    if let a = left.number, let b = right.number { return Dim(a.timesSaturated(b)) }
    return Dim(left.polynomial * right.polynomial)
  }

  package static func += (left: inout Dim, right: Dim) { left = left + right }
  package static func *= (left: inout Dim, right: Dim) { left = left * right }

  /// The quotient, rounded down. The divisor is not 0.
  package func floorDivided(by divisor: Dim) -> Dim {
    if divisor == 1 { return self }
    if let a = number, let b = divisor.number { return Dim(a.floorDivided(b)) }
    let (whole, rest) = polynomial.divided(by: divisor.polynomial)
    if rest.terms.isEmpty { return Dim(whole) }
    if let rest = rest.number, let divisor = divisor.number { return Dim(whole) + Dim(rest.floorDivided(divisor)) }
    return Dim(whole) + Dim(atom: .quotient(Dim(rest), divisor))
  }

  /// The quotient, rounded up. The divisor is not 0.
  package func ceilingDivided(by divisor: Dim) -> Dim { -(-self).floorDivided(by: divisor) }

  /// The quotient of a division that leaves no rest; `nil` where that is not certain.
  package func divided(exactlyBy divisor: Dim) -> Dim? {
    guard divisor != 0 else { return nil }
    if let a = number, let b = divisor.number { return a % b == 0 ? Dim(a / b) : nil }
    let (whole, rest) = polynomial.divided(by: divisor.polynomial)
    return rest.terms.isEmpty ? Dim(whole) : nil
  }

  /// The quotient as it is, which may be no whole number: an element of a tensor of floating-point numbers, until it is
  /// rounded. `divisor` is above 0.
  static func ratio(_ dividend: Dim, _ divisor: Int) -> Dim {
    dividend.divided(exactlyBy: Dim(divisor)) ?? Dim(atom: .ratio(dividend, divisor))
  }

  /// What `ratio(_:_:)` was made of.
  var ratio: (dividend: Dim, divisor: Int)? {
    guard let sum, sum.terms.count == 1, case (let product, 1)? = sum.terms.first,
      case (.ratio(let dividend, let divisor), 1)? = product.first
    else { return nil }
    return (dividend, divisor)
  }

  package static func minimum(_ left: Dim, _ right: Dim) -> Dim {
    if (right - left).isNonNegative { return left }
    if (left - right).isNonNegative { return right }
    return Dim(atom: .least([left, right]))
  }

  package static func maximum(_ left: Dim, _ right: Dim) -> Dim { -minimum(-left, -right) }

  /// The extent that two extents broadcast to (NumPy's rules): the one that is not 1. `nil` where they don't.
  package static func broadcast(_ left: Dim, _ right: Dim) -> Dim? {
    if left == right || right == 1 { return left }
    if left == 1 { return right }
    switch (left.number, right.number) {
    case (nil, nil): return left.equals(right) == false ? nil : Dim(atom: .broadcast([left, right]))
    // A number that is not 1 decides: the other one is the same or 1.
    case (.some, nil): return left
    case (nil, .some): return right
    case (.some, .some): return nil
    }
  }
}

extension Sequence<Dim> {
  /// The number of elements of a shape.
  package var product: Dim { reduce(1, *) }
}

extension Dim: CustomStringConvertible {
  package var description: String {
    sum?.description ?? String(plain)
  }
}

// MARK: Expressions

/// What sums and products are made of.
private indirect enum Atom: Sendable, Hashable {
  case symbol(Dim.Symbol)
  /// Rounded down.
  case quotient(Dim, Dim)
  /// As it is.
  case ratio(Dim, Int)
  case least(Set<Dim>)
  case broadcast(Set<Dim>)

  var isNonNegative: Bool {
    switch self {
    case .symbol(.named), .broadcast: true
    case .symbol(.unknown): false
    case .quotient(let dividend, let divisor): dividend.isNonNegative && divisor.isNonNegative
    case .ratio(let dividend, _): dividend.isNonNegative
    case .least(let parts): parts.allSatisfy(\.isNonNegative)
    }
  }

  var weight: Int {
    switch self {
    case .symbol: 1
    case .quotient(let dividend, let divisor): dividend.weight + divisor.weight
    case .ratio(let dividend, _): dividend.weight + 1
    case .least(let parts), .broadcast(let parts): parts.reduce(0) { $0 + $1.weight }
    }
  }

  func replacing(_ replacement: (Dim.Symbol) -> Dim?) -> Dim? {
    func all(_ parts: Set<Dim>, _ join: (Dim, Dim) -> Dim?) -> Dim? {
      var rest = parts.makeIterator()
      var result = rest.next()?.replacing(replacement)
      while let part = rest.next() {
        guard let known = result, let next = part.replacing(replacement) else { return nil }
        result = join(known, next)
      }
      return result
    }
    switch self {
    case .symbol(let symbol): return replacement(symbol) ?? Dim(atom: self)
    case .quotient(let dividend, let divisor):
      guard let dividend = dividend.replacing(replacement), let divisor = divisor.replacing(replacement), divisor != 0
      else { return nil }
      return dividend.floorDivided(by: divisor)
    case .ratio(let dividend, let divisor): return dividend.replacing(replacement).map { .ratio($0, divisor) }
    case .least(let parts): return all(parts, Dim.minimum)
    case .broadcast(let parts): return all(parts, Dim.broadcast)
    }
  }

  var description: String {
    switch self {
    case .symbol(.named(let name)): name
    case .symbol(.unknown): "?"
    case .quotient(let dividend, let divisor): "⌊(\(dividend)) / (\(divisor))⌋"
    case .ratio(let dividend, let divisor): "(\(dividend)) / \(divisor)"
    case .least(let parts): "min(\(parts.map(\.description).sorted().joined(separator: ", ")))"
    case .broadcast(let parts): "broadcast(\(parts.map(\.description).sorted().joined(separator: ", ")))"
    }
  }
}

/// A product: factors and how often each occurs.
private typealias Monomial = [Atom: Int]

/// A sum of products with their coefficients, none of them 0.
private struct Polynomial: Sendable, Hashable {
  var terms: [Monomial: Int]

  init(terms: [Monomial: Int]) { self.terms = terms }

  init(_ number: Int) { terms = number == 0 ? [:] : [[:]: number] }

  var number: Int? {
    if terms.isEmpty { return 0 }
    return terms.count == 1 ? terms[[:]] : nil
  }

  var weight: Int {
    terms.reduce(0) { sum, term in sum + 1 + term.key.reduce(0) { $0 + $1.key.weight * $1.value } }
  }

  var isNonNegative: Bool {
    terms.allSatisfy { product, coefficient in
      // The greatest of some is the negated least of them negated.
      if coefficient < 0, product.count == 1, case (.least(let parts), 1)? = product.first {
        return parts.contains { (-$0).isNonNegative }
      }
      return coefficient > 0 && product.allSatisfy { $0.isNonNegative || $1.isMultiple(of: 2) }
    }
  }

  private mutating func add(_ coefficient: Int, _ product: Monomial) {
    let sum = terms[product, default: 0].addingSaturated(coefficient)
    terms[product] = sum == 0 ? nil : sum
  }

  static func + (left: Polynomial, right: Polynomial) -> Polynomial {
    var sum = left
    for (product, coefficient) in right.terms { sum.add(coefficient, product) }
    return sum
  }

  static func * (left: Polynomial, right: Polynomial) -> Polynomial {
    var result = Polynomial(0)
    for (first, a) in left.terms {
      for (second, b) in right.terms {
        result.add(a.timesSaturated(b), first.merging(second, uniquingKeysWith: +))
      }
    }
    return result
  }

  /// The terms that `divisor` divides, divided, and the rest.
  func divided(by divisor: Polynomial) -> (whole: Polynomial, rest: Polynomial) {
    var (whole, rest) = (Polynomial(0), Polynomial(0))
    guard let lead = divisor.terms.first, divisor.terms.count == 1 else {
      // A sum divides what is a multiple of all of it.
      guard let term = divisor.terms.first, let own = terms.lazy.compactMap({ quotient($0, term) }).first else {
        return (whole, self)
      }
      let factor = Polynomial(terms: [own.0: own.1])
      return factor * divisor == self ? (factor, rest) : (whole, self)
    }
    for term in terms {
      if let (product, coefficient) = quotient(term, lead) {
        whole.add(coefficient, product)
      } else if term.key.isEmpty, lead.key.isEmpty {
        // Of a number, what is a multiple of another.
        let part = term.value.floorDivided(lead.value)
        whole.add(part, [:])
        rest.add(term.value - part * lead.value, [:])
      } else {
        rest.add(term.value, term.key)
      }
    }
    return (whole, rest)
  }

  private func quotient(_ term: (key: Monomial, value: Int), _ by: (key: Monomial, value: Int)) -> (Monomial, Int)? {
    guard term.value % by.value == 0 else { return nil }
    var product = term.key
    for (atom, power) in by.key {
      guard let own = product[atom], own >= power else { return nil }
      product[atom] = own == power ? nil : own - power
    }
    return (product, term.value / by.value)
  }

  func replacing(_ replacement: (Dim.Symbol) -> Dim?) -> Dim? {
    var sum = Dim(0)
    for (product, coefficient) in terms {
      var term = Dim(coefficient)
      for (atom, power) in product {
        guard let value = atom.replacing(replacement) else { return nil }
        for _ in 0..<power { term *= value }
      }
      sum += term
    }
    return sum
  }

  var description: String {
    let parts = terms.map { product, coefficient in
      let factors = product.flatMap { Array(repeating: $0.description, count: $1) }.sorted()
      let isPlain = coefficient == 1 && !factors.isEmpty
      return ((isPlain ? [] : [String(coefficient)]) + factors).joined(separator: "·")
    }
    return parts.sorted().joined(separator: " + ")
  }
}

extension Int {
  /// Sums and products stay within ±2^62, so that what is done with them next does not overflow.
  fileprivate func addingSaturated(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other > 0 ? Self.greatest : -Self.greatest) : sum.clamped
  }

  fileprivate func timesSaturated(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) == (other < 0) ? Self.greatest : -Self.greatest) : product.clamped
  }

  private var clamped: Int { Swift.min(Swift.max(self, -Self.greatest), Self.greatest) }

  private static var greatest: Int { 1 << 62 }

  fileprivate func floorDivided(_ divisor: Int) -> Int {
    let (quotient, overflow) = dividedReportingOverflow(by: divisor)
    if overflow { return .max }
    return self % divisor != 0 && (self < 0) != (divisor < 0) ? quotient - 1 : quotient
  }
}
