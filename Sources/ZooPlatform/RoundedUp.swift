extension FixedWidthInteger {
  /// The next multiple of `step`, for numbers of 0 and more.
  package func roundedUp(to step: Self) -> Self { (self + step - 1) / step * step }
}
