// Mutexes that clang's thread-safety analysis knows (-Wthread-safety): which member is guarded by
// which mutex, and which function must be called with it held, is checked by the compiler. With
// other compilers the annotations are nothing. See "Thread Safety Analysis" in clang's manual.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#if defined(__clang__)
#define TS_THREAD_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define TS_THREAD_ATTRIBUTE(attribute)
#endif

// Of a member: it is touched only with the mutex held.
#define TS_GUARDED_BY(mutex) TS_THREAD_ATTRIBUTE(guarded_by(mutex))
// Of a function: the caller holds the mutex.
#define TS_REQUIRES(...) TS_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define TS_REQUIRES_SHARED(...) TS_THREAD_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))
#define TS_CAPABILITY(name) TS_THREAD_ATTRIBUTE(capability(name))
#define TS_SCOPED_CAPABILITY TS_THREAD_ATTRIBUTE(scoped_lockable)
#define TS_ACQUIRE(...) TS_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define TS_ACQUIRE_SHARED(...) TS_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define TS_RELEASE(...) TS_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define TS_RELEASE_GENERIC(...) TS_THREAD_ATTRIBUTE(release_generic_capability(__VA_ARGS__))

namespace tallystone {

class TS_CAPABILITY("mutex") Mutex {
 public:
  void Lock() TS_ACQUIRE() { mutex_.lock(); }
  void Unlock() TS_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class TS_CAPABILITY("shared_mutex") SharedMutex {
 public:
  void Lock() TS_ACQUIRE() { mutex_.lock(); }
  void Unlock() TS_RELEASE() { mutex_.unlock(); }
  void LockShared() TS_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void UnlockShared() TS_THREAD_ATTRIBUTE(release_shared_capability()) { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

class TS_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) TS_ACQUIRE(mutex) : mutex_(mutex) { mutex_->Lock(); }
  ~MutexLock() TS_RELEASE() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

class TS_SCOPED_CAPABILITY WriterLock {
 public:
  explicit WriterLock(SharedMutex* mutex) TS_ACQUIRE(mutex) : mutex_(mutex) { mutex_->Lock(); }
  ~WriterLock() TS_RELEASE() { mutex_->Unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex* const mutex_;
};

class TS_SCOPED_CAPABILITY ReaderLock {
 public:
  explicit ReaderLock(SharedMutex* mutex) TS_ACQUIRE_SHARED(mutex) : mutex_(mutex) {
    mutex_->LockShared();
  }
  ~ReaderLock() TS_RELEASE_GENERIC() { mutex_->UnlockShared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex* const mutex_;
};

// Waits may end without a cause: ask for the condition again.
class CondVar {
 public:
  void Wait(Mutex* mutex) TS_REQUIRES(mutex) {
    std::unique_lock lock(mutex->mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False once `deadline` has passed.
  bool WaitUntil(Mutex* mutex, std::chrono::steady_clock::time_point deadline) TS_REQUIRES(mutex) {
    std::unique_lock lock(mutex->mutex_, std::adopt_lock);
    const bool in_time = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace tallystone
