import Synchronization

/// What any version of an operator allows its inputs, or its outputs, to be: models of older sets have types that came
/// later.
struct AllowedParameters: Sendable {
  /// By position, whether all versions need it.
  let areNeeded: [Bool]
  /// By position; `nil` where nothing is said.
  private let listed: [TypeSet?]
  private let further: TypeSet?

  /// - Parameters:
  ///   - versions: The parameters of each version; none where there is no schema.
  ///   - widens: Whether numbers of one type stand for those of all.
  init(_ versions: [[OperatorSchema.Parameter]], widens: Bool) {
    func types(_ index: Int) -> TypeSet? {
      versions.compactMap { versions -> TypeSet? in
        guard let types = OperatorSchema.parameter(index, of: versions)?.types else { return nil }
        let all = widens ? types.withAllNumbers : types
        // Lists of places and extents may have either type of integers.
        return all == .int64 ? TypeSet(bits: all.bits | TypeSet.int32.bits) : all
      }.reduce(nil) { TypeSet(bits: ($0?.bits ?? 0) | $1.bits) }
    }
    let count = versions.map(\.count).max() ?? 0
    (listed, further) = ((0..<count).map(types), types(count))
    areNeeded = (versions.first?.indices ?? [].indices).map { index in
      versions.allSatisfy { OperatorSchema.parameter(index, of: $0)?.kind == .single }
    }
  }

  func types(at index: Int) -> TypeSet? { index < listed.count ? listed[index] : further }

  /// Those of inputs and outputs, made from the schemas when they are first asked for.
  final class Table: Sendable {
    private let known = Mutex<(inputs: AllowedParameters, outputs: AllowedParameters)?>(nil)

    func parameters(
      _ make: () -> (inputs: AllowedParameters, outputs: AllowedParameters)
    ) -> (inputs: AllowedParameters, outputs: AllowedParameters) {
      known.withLock { known in
        let result = known ?? make()
        known = result
        return result
      }
    }
  }
}
