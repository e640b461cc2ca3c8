import Synchronization

/// Memory for plans of many shapes, which all programs of a model share. Bodies of loops see a hundred shapes in each run,
/// and plans of a few steps are small.
final class PlanRoom: Sendable {
  private let taken = Atomic(0)
  private static let most = 64 << 20
  /// About what a step takes beside the arena: its node, kernel and tables.
  private static let bytesPerStep = 16 << 10

  var isFull: Bool { taken.load(ordering: .relaxed) > Self.most }

  /// What a plan takes for as long as this lives.
  final class Share: Sendable {
    private let room: PlanRoom
    private let byteCount: Int

    init(_ plan: Plan, of room: PlanRoom) {
      let plans = [plan] + plan.inner
      byteCount = plans.reduce(0) {
        $0 &+ $1.arenaByteCount &+ $1.workspaceByteCount &+ $1.steps.count * PlanRoom.bytesPerStep
      }
      self.room = room
      room.taken.wrappingAdd(byteCount, ordering: .relaxed)
    }

    deinit { room.taken.wrappingSubtract(byteCount, ordering: .relaxed) }
  }
}
