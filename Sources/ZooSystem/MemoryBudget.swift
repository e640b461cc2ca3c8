import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much memory a run may still take for what its graph makes.
package struct MemoryBudget: Sendable {
  package static let unlimited = MemoryBudget(limit: .max, model: nil)

  private let limit: Int
  private let model: String?
  package private(set) var left: Int

  /// - Parameter model: What people call it.
  package init(limit: Int, model: String?) { (self.limit, self.model, left) = (limit, model, limit) }

  /// What is left when so much has been taken.
  ///
  /// - Throws: `ZooError` (`outOfMemory`) where that is more than there is.
  package func taking(_ byteCount: Int) throws -> MemoryBudget {
    guard byteCount <= left else {
      throw ZooError(
        .outOfMemory,
        "what the graph makes takes \(Self.text(Self.sum([limit - left, byteCount]))) of memory, the limit is "
          + Self.text(limit), at: model,
        advice: "give it smaller inputs or fewer at a time, or raise the limit (--memory-limit, memoryLimit)")
    }
    var rest = self
    rest.left -= byteCount
    return rest
  }

  /// No more than there are numbers.
  package static func sum(_ byteCounts: [Int]) -> Int {
    byteCounts.reduce(0) { sum, count in
      let (next, overflow) = sum.addingReportingOverflow(count)
      return overflow ? .max : next
    }
  }

  private static func text(_ byteCount: Int) -> String {
    byteCount < 10 << 20 ? "\(byteCount) bytes" : "\(byteCount >> 20) MiB"
  }

  /// The memory of the machine, or what the process' control group has of it.
  package static let ofMachine: Int = {
    let pages = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(by: sysconf(Int32(_SC_PAGESIZE)))
    let machine = pages.overflow || pages.partialValue <= 0 ? Int.max : pages.partialValue
    #if os(Linux)
      return min(machine, ControlGroup.memoryLimit() ?? .max)
    #else
      return machine
    #endif
  }()
}
