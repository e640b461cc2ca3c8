import CZooPlugin
import Synchronization

/// Two tasks that wait for each other.
final class Meeting: Sendable {
  private let present = Atomic(0)

  static let attend: zoo_task = { meeting, _, _ in
    guard let meeting else { return }
    let present = Unmanaged<Meeting>.fromOpaque(meeting).takeUnretainedValue()
    present.present.wrappingAdd(1, ordering: .acquiringAndReleasing)
    while present.present.load(ordering: .acquiring) < 2 {}
  }
}
