//! The few calls that the safe wrapper lacks or gets wrong. The only module of this crate that may be unsafe.

#![allow(unsafe_code)] // the exception that the workspace's lint asks to be named; each block says why it is sound

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::message::BorrowedHeaders;
use rdkafka_sys as sys;

/// Flushes the producer for at most `limit`; true when nothing is left unsent or unacknowledged.
///
/// `Producer::flush` of the safe wrapper asks with a limit of 0 and polls in between, which neither overrides `linger.ms` nor
/// waits well: waiting inside librdkafka costs half the CPU.
pub fn flush<C: ClientContext>(client: &Client<C>, limit: Duration) -> bool {
    // SAFETY: the handle lives as long as `client`, and rd_kafka_flush may be called from any thread.
    let outcome = unsafe { sys::rd_kafka_flush(client.native_ptr(), limit.as_millis() as i32) };
    outcome == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
}

/// The header at `index`, its name as bytes.
///
/// The safe wrapper unwraps the name's UTF-8, so one hostile record would end the process.
pub fn header(headers: &BorrowedHeaders, index: usize) -> Option<(&[u8], Option<&[u8]>)> {
    let mut name: *const c_char = ptr::null();
    let mut value: *const std::ffi::c_void = ptr::null();
    let mut size = 0;
    // SAFETY: rdkafka makes `&BorrowedHeaders` by casting the native pointer and casts it back itself (message.rs, from_native_ptr
    // and as_native_ptr); name and value point into the headers, which the borrow keeps alive.
    unsafe {
        let native = ptr::from_ref(headers).cast::<sys::rd_kafka_headers_t>();
        let outcome = sys::rd_kafka_header_get_all(native, index, &mut name, &mut value, &mut size);
        if outcome != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
            return None;
        }
        let value =
            (!value.is_null()).then(|| std::slice::from_raw_parts(value.cast::<u8>(), size));
        Some((CStr::from_ptr(name).to_bytes(), value))
    }
}

/// Whether the consumer is a member of its group at this moment.
pub fn is_member<C: ClientContext>(client: &Client<C>) -> bool {
    let handle = client.native_ptr();
    // SAFETY: the handle lives as long as `client`; the string is ours, read before it is freed, and freed once, by the handle's own
    // allocator.
    unsafe {
        let id = sys::rd_kafka_memberid(handle);
        if id.is_null() {
            return false;
        }
        let named = *id != 0;
        sys::rd_kafka_mem_free(handle, id.cast());
        named
    }
}

/// Asks the cluster for the id of a topic: 22 characters of base64, or `None` where the cluster gives none (before Kafka 2.8).
/// `broker` answers if it is named, else the controller: the embedded cluster has none.
///
/// # Errors
/// librdkafka's sentence when the answer did not come within `limit`, or says that there is no such topic.
pub fn topic_id<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    broker: Option<i32>,
    limit: Duration,
) -> Result<Option<String>, String> {
    let name = CString::new(topic).map_err(|_| "the topic's name has a NUL in it".to_owned())?;
    let mut names = [name.as_ptr()];
    // SAFETY: every object made here is destroyed here, in reverse order, by its guard; `name` outlives the call that copies it;
    // the result's strings are copied before the event that owns them goes.
    unsafe {
        let handle = client.native_ptr();
        let queue = Guard(sys::rd_kafka_queue_new(handle), sys::rd_kafka_queue_destroy);
        let topics = Guard(
            sys::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), 1),
            sys::rd_kafka_TopicCollection_destroy,
        );
        let options = Guard(
            sys::rd_kafka_AdminOptions_new(
                handle,
                sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
            ),
            sys::rd_kafka_AdminOptions_destroy,
        );
        let millis = limit.as_millis() as i32;
        sys::rd_kafka_AdminOptions_set_request_timeout(options.0, millis, ptr::null_mut(), 0);
        if let Some(broker) = broker {
            sys::rd_kafka_AdminOptions_set_broker(options.0, broker, ptr::null_mut(), 0);
        }
        sys::rd_kafka_DescribeTopics(handle, topics.0, options.0, queue.0);
        let event = Guard(
            sys::rd_kafka_queue_poll(queue.0, millis),
            sys::rd_kafka_event_destroy,
        );
        if event.0.is_null() {
            return Err(format!("no answer within {millis} ms"));
        }
        if sys::rd_kafka_event_error(event.0)
            != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
        {
            return Err(text(sys::rd_kafka_event_error_string(event.0)));
        }
        let mut count = 0;
        let described = sys::rd_kafka_DescribeTopics_result_topics(
            sys::rd_kafka_event_DescribeTopics_result(event.0),
            &mut count,
        );
        if count == 0 {
            return Err("the answer names no topic".to_owned());
        }
        let error = sys::rd_kafka_TopicDescription_error(*described);
        if !error.is_null()
            && sys::rd_kafka_error_code(error)
                != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
        {
            return Err(text(sys::rd_kafka_error_string(error)));
        }
        let id = sys::rd_kafka_TopicDescription_topic_id(*described);
        let zero = id.is_null()
            || (sys::rd_kafka_Uuid_most_significant_bits(id) == 0
                && sys::rd_kafka_Uuid_least_significant_bits(id) == 0);
        Ok((!zero).then(|| text(sys::rd_kafka_Uuid_base64str(id))))
    }
}

/// Lets the embedded cluster's groups form after `delay` instead of 3 s.
pub fn set_initial_rebalance_delay<C: ClientContext>(client: &Client<C>, delay: Duration) {
    // SAFETY: the handle belongs to the client that owns the mock cluster; a null cluster is not passed on.
    unsafe {
        let native = sys::rd_kafka_handle_mock_cluster(client.native_ptr());
        if !native.is_null() {
            sys::rd_kafka_mock_group_initial_rebalance_delay_ms(native, delay.as_millis() as i32);
        }
    }
}

unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: librdkafka's strings end with a NUL and live as long as the object they come from.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}

/// Destroys a native object at the end of its scope.
struct Guard<T>(*mut T, unsafe extern "C" fn(*mut T));

impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the pointer came from the constructor that belongs to this destructor and is destroyed once.
            unsafe { (self.1)(self.0) }
        }
    }
}
