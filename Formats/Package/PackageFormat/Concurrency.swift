import CPackageCodec

/// Cores that `concurrently` can use.
let coreCount = max(1, zoo_core_count())
