/// What numbers a tensor holds.
package struct TensorStatistics: Sendable, Hashable, Codable {
  /// Of the finite numbers; `nil` where there is none, or no double has the mean or the deviation.
  package var least: Double?
  package var greatest: Double?
  package var mean: Double?
  /// √(Σ (number - mean)² / count).
  package var deviation: Double?
  package var zeros = 0
  package var nans = 0
  package var infinities = 0

  enum CodingKeys: String, CodingKey {
    case mean, zeros, nans, infinities
    case least = "min"
    case greatest = "max"
    case deviation = "std"
  }

  /// Reads all of `tensor`, a piece at a time on all cores. Complex numbers count as two.
  ///
  /// - Throws: what reading throws; `ZooError` (`unsupported`) for strings.
  package init(_ tensor: StoredTensor) throws {
    guard tensor.type.isNumeric else { throw ZooError(.unsupported, "strings have no statistics") }
    var all = Moments()
    for piece in try tensor.surveyed({ _, _, numbers in Moments(numbers) }) { all.add(piece) }
    (zeros, nans, infinities) = (all.zeros, all.nans, all.infinities)
    guard all.count > 0 else { return }
    (least, greatest) = (all.least, all.greatest)
    // Sums of the largest doubles are beyond them.
    if all.mean.isFinite, all.squares.isFinite {
      (mean, deviation) = (all.mean, (all.squares / Double(all.count)).squareRoot())
    }
  }

  /// Sums of a part, joined as in Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance".
  private struct Moments: Sendable {
    var (count, zeros, nans, infinities) = (0, 0, 0, 0)
    var (least, greatest) = (Double.infinity, -Double.infinity)
    var mean = 0.0
    /// Σ (number - mean)².
    var squares = 0.0

    init() {}

    init(_ numbers: UnsafeBufferPointer<Double>) {
      var sum = 0.0
      for number in numbers {
        if number.isFinite {
          count += 1
          zeros += number == 0 ? 1 : 0
          sum += number
          least = min(least, number)
          greatest = max(greatest, number)
        } else if number.isNaN {
          nans += 1
        } else {
          infinities += 1
        }
      }
      guard count > 0 else { return }
      mean = sum / Double(count)
      for number in numbers where number.isFinite { squares += (number - mean) * (number - mean) }
    }

    mutating func add(_ other: Moments) {
      zeros += other.zeros
      nans += other.nans
      infinities += other.infinities
      guard other.count > 0 else { return }
      let total = Double(count + other.count)
      let difference = other.mean - mean
      squares += other.squares + difference * difference * Double(count) * Double(other.count) / total
      mean += difference * Double(other.count) / total
      count += other.count
      least = min(least, other.least)
      greatest = max(greatest, other.greatest)
    }
  }
}
