import Synchronization

/// Memory for plans of many shapes, which all programs of a model share. Bodies of loops see hundreds of shapes in each run,
/// and plans of a few steps are small; what they compute in is kept apart from them, as that is soon made anew.
final class PlanRoom: Sendable {
  private let plans = Atomic(0)
  private let idle = Atomic(0)
  private static let most = 64 << 20
  /// About what a step takes beside the arena: its node, kernel and tables.
  private static let bytesPerStep = 8 << 10

  var isFull: Bool { plans.load(ordering: .relaxed) > Self.most }

  /// Whether memory that no run is using may stay for the next one.
  func keeps(_ byteCount: Int) -> Bool {
    if idle.wrappingAdd(byteCount, ordering: .relaxed).newValue <= Self.most { return true }
    release(byteCount)
    return false
  }

  func release(_ byteCount: Int) { idle.wrappingSubtract(byteCount, ordering: .relaxed) }

  /// What a plan takes for as long as this lives.
  final class Share: Sendable {
    private let room: PlanRoom
    private let byteCount: Int

    init(_ plan: Plan, of room: PlanRoom) {
      byteCount = ([plan] + plan.inner).reduce(0) { $0 &+ $1.steps.count * PlanRoom.bytesPerStep }
      self.room = room
      room.plans.wrappingAdd(byteCount, ordering: .relaxed)
    }

    deinit { room.plans.wrappingSubtract(byteCount, ordering: .relaxed) }
  }
}
