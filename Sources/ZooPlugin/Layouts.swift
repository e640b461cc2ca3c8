import CZooPlugin

extension ZooHost {
  /// The layout of that name; `nil` where no plugin has registered it, or the host knows no names.
  public func layout(named name: String) -> Layout? {
    guard raw.has(\.layout_named) else { return nil }
    return Layout(number: raw.pointee.layout_named(name))
  }

  /// Makes a layout known to all plugins, while the plugin makes its operators.
  ///
  /// - Parameters:
  ///   - name: What plugins know it by.
  ///   - domain: Where the operator Reorder is, since version 1, which copies tensors from the plain layout and back.
  ///   - byteCount: The bytes of a tensor; 0 where it has no such form.
  /// - Returns: `nil` where the name is taken.
  public func registerLayout(
    named name: String, domain: String, byteCount: @escaping @Sendable (ElementType, _ shape: [Int]) -> Int
  ) -> Layout? {
    guard raw.has(\.register_layout) else { return nil }
    // The host keeps both for the life of the process.
    let measure = Unmanaged.passRetained(LayoutMeasure(byteCount))
    let table = UnsafeMutablePointer<zoo_layout>.allocate(capacity: 1)
    table.initialize(
      to: zoo_layout(
        size: MemoryLayout<zoo_layout>.size, name: permanent(name), domain: permanent(domain),
        context: measure.toOpaque(),
        byte_count: { context, type, shape, rank in
          let measure = Unmanaged<LayoutMeasure>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
          let extents = (0..<Int(rank)).map { Int(shape.unsafelyUnwrapped[$0]) }
          return max(measure.byteCount(ElementType(rawValue: type), extents), 0)
        }))
    return Layout(number: raw.pointee.register_layout(table))
  }
}

/// What a layout's callback gets back as its context.
private final class LayoutMeasure: Sendable {
  let byteCount: @Sendable (ElementType, [Int]) -> Int

  init(_ byteCount: @escaping @Sendable (ElementType, [Int]) -> Int) { self.byteCount = byteCount }
}

extension Layout {
  /// `nil` for the number that is no layout's.
  fileprivate init?(number: Int32) {
    guard number != Int32(ZOO_LAYOUT_NONE) else { return nil }
    self.init(rawValue: number)
  }
}
