import Synchronization
import ZooPluginHost
import ZooSystem

/// Texts that grow together, each by one token a turn: the weights are read once for all of them.
///
/// A text joins when its beginning was read, which happens piece by piece between the turns of the others, and leaves
/// when it ends, with its caches. One that is alone steps by itself, with guesses and what else is made for one.
/// Not for more than one thread at a time.
final class StreamBatch {
  private let programs: GenerationPrograms
  private let kept: KeptSessions
  /// The positions that the network has.
  private let positionCount: Int
  /// Of the rows' caches.
  private let mostBytes: Int
  private var waiting: [TextStream] = []
  private var active: [TextStream] = []
  /// The caches of those that step together, in the order of `members`.
  private var rows: GenerationSession?
  private var members: [TextStream] = []

  /// Products by weights in blocks take up to so many rows in one pass.
  static let mostStreams = 24

  init(_ programs: GenerationPrograms, kept: KeptSessions, positionCount: Int, mostBytes: Int) {
    (self.programs, self.kept) = (programs, kept)
    (self.positionCount, self.mostBytes) = (positionCount, mostBytes)
  }

  var isEmpty: Bool { waiting.isEmpty && active.isEmpty }

  func add(_ stream: TextStream) { waiting.append(stream) }

  /// Ends all texts where they are.
  func endAll() {
    for stream in waiting { stream.finish() }
    waiting = []
    for stream in active { end(stream) }
  }

  /// A token for each text that goes on, and pieces of what is to be read. What fails ends with its error.
  func turn() {
    for stream in waiting + active { attempt(stream) { try stream.check() } }
    while active.count < Self.mostStreams, !waiting.isEmpty {
      let stream = waiting.removeFirst()
      active.append(stream)
      attempt(stream) { try stream.open(programs, kept, limit: positionCount) }
    }
    read()
    arrange()
    stepRows()
    for stream in active where stream.session != nil && !stream.isReading { attempt(stream) { try stream.step() } }
  }

  private func attempt(_ stream: TextStream, _ body: () throws -> Void) {
    do { try body() } catch { return end(stream, error) }
    if stream.isEnded { end(stream) }
  }

  /// A piece of a long beginning, or several short ones: the others wait for it.
  private func read() {
    var count = 0
    for stream in active where stream.isReading {
      guard count < TextStream.pieceCount else { break }
      let known = stream.session?.tokens.count ?? 0
      attempt(stream) { try stream.step() }
      count += (stream.session?.tokens.count ?? 0) - known
      // Next time it is the others' turn.
      if let place = active.firstIndex(where: { $0 === stream }), stream.isReading {
        active.append(active.remove(at: place))
      }
    }
  }

  // MARK: Rows

  /// Has those step together that have read their beginnings, the shortest first, as far as there is memory for their
  /// caches, which all have room for the longest.
  private func arrange() {
    let ready = active.filter { !$0.isReading }.sorted { $0.tokens.count < $1.tokens.count }
    var count = ready.count
    while count > 1, byteCount(rows: count, length: ready[count - 1].tokens.count) > mostBytes { count -= 1 }
    let wanted = ready.prefix(count > 1 ? count : 0)
    for stream in members where !wanted.contains(where: { $0 === stream }) {
      attempt(stream) { try leave(stream) }
    }
    guard let longest = wanted.last?.tokens.count else {
      rows = nil
      return
    }
    let rows = rows ?? GenerationSession(programs, rows: 0, limit: positionCount)
    self.rows = rows
    do {
      let (slots, capacity) = (Self.slots(for: wanted.count), GenerationSession.capacity(for: longest))
      if slots > rows.slots || capacity > rows.capacity || slots * capacity * 4 < rows.slots * rows.capacity {
        try rows.resize(slots: slots, capacity: capacity)
      }
    } catch { return fail(wanted, error) }
    for stream in wanted {
      guard let session = stream.session else { continue }
      attempt(stream) {
        try rows.join(session)
        stream.session = nil
        members.append(stream)
      }
    }
  }

  private static func slots(for rows: Int) -> Int {
    var slots = 1
    while slots < rows { slots *= 2 }
    return slots
  }

  private func byteCount(rows: Int, length: Int) -> Int {
    let (count, isOver) = (Self.slots(for: rows) * GenerationSession.capacity(for: length))
      .multipliedReportingOverflow(by: programs.cacheByteCount)
    return isOver ? .max : count
  }

  /// Takes a text's row along.
  private func leave(_ stream: TextStream) throws {
    guard let row = members.firstIndex(where: { $0 === stream }), let rows else { return }
    stream.session = try GenerationSession(rows, row: row, beginning: Array(stream.tokens.prefix(rows.lengths[row])))
    try remove(row)
  }

  private func remove(_ row: Int) throws {
    members.swapAt(row, members.count - 1)
    members.removeLast()
    try rows?.removeRow(row)
  }

  private func stepRows() {
    guard let rows, !members.isEmpty else { return }
    let stepped = members
    do {
      let next = stepped.map { Array($0.tokens.suffix(1)) }
      if stepped.allSatisfy(\.isGreedy) {
        for (stream, token) in zip(stepped, try rows.choose(after: next)) {
          attempt(stream) { try stream.accept([token]) }
        }
        return
      }
      let logits = try rows.append(next)
      let probabilities = stepped.contains(where: \.tellsProbabilities) ? try rows.logProbabilities() : nil
      for (stream, token) in zip(stepped, try choose(stepped, logits, probabilities)) {
        attempt(stream) { try stream.accept([token.get()]) }
      }
    } catch { fail(stepped, error) }
  }

  /// The next token of each text: looking at a large vocabulary takes time, so that it is done side by side.
  private func choose(
    _ streams: [TextStream], _ logits: UnsafeBufferPointer<Float>, _ probabilities: UnsafeBufferPointer<Float>?
  ) throws -> [Result<Int, any Error>] {
    let width = programs.graphs.vocabulary
    return try ThreadPool.shared.withExecutor(limit: programs.step.options.threads) { executor in
      try concurrentMap(streams.count, on: executor) { row in
        let places = row * width..<(row + 1) * width
        return Result {
          try streams[row].choose(
            UnsafeBufferPointer(rebasing: logits[places]),
            probabilities.map { UnsafeBufferPointer(rebasing: $0[places]) })
        }
      }
    }
  }

  // MARK: Ends

  private func fail(_ streams: some Collection<TextStream>, _ error: any Error) {
    // What the rows know is lost, and so are those that are in them.
    for stream in members + streams { end(stream, error) }
    (rows, members) = (nil, [])
  }

  /// Ends a text, which is told before its caches are kept for others.
  private func end(_ stream: TextStream, _ error: (any Error)? = nil) {
    guard !stream.isTold else { return }
    waiting.removeAll { $0 === stream }
    active.removeAll { $0 === stream }
    stream.finish(error)
    do {
      if let row = members.firstIndex(where: { $0 === stream }) {
        if stream.isKept { try leave(stream) } else { try remove(row) }
      }
      if stream.isKept, let session = stream.session { kept.keep(session) }
    } catch { fail(members, error) }
    stream.session = nil
  }
}

/// The texts that a model's asynchronous calls ask for: they grow together on one thread, which there is as long as any does.
final class SharedStreams: Sendable {
  /// Used by one thread at a time: that of `run`.
  private struct Batch: @unchecked Sendable {
    let streams: StreamBatch
  }

  private struct Arrival: @unchecked Sendable {
    let stream: TextStream
  }

  private struct State {
    var arrivals: [Arrival] = []
    var isRunning = false
  }

  private let batch: Batch
  private let state = Mutex(State())

  init(_ batch: sending StreamBatch) { self.batch = Batch(streams: batch) }

  /// Has `stream`, which the caller gives away, grow with the others.
  func add(_ stream: TextStream) {
    let arrival = Arrival(stream: stream)
    let needsThread = state.withLock { state in
      state.arrivals.append(arrival)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if needsThread { CallThreads.shared.run { [self] in run() } }
  }

  private func run() {
    let streams = batch.streams
    while true {
      let arrivals: [Arrival]? = state.withLock { state in
        if state.arrivals.isEmpty, streams.isEmpty {
          state.isRunning = false
          return nil
        }
        defer { state.arrivals = [] }
        return state.arrivals
      }
      guard let arrivals else { return }
      for arrival in arrivals { streams.add(arrival.stream) }
      streams.turn()
    }
  }
}
